// The map: neighbourhoods by candidates, coloured by score, with the selected cells outlined.

import { accuracy, candidateName, estimate, short, trimmed } from "../format.js";
import { h } from "../dom.js";
import { table } from "../parts/table.js";
import { facts, plot } from "./plot.js";
import { axis, between, inkOn, ramp } from "./theme.js";

const NARROW = 520; // pixels
const LABELLED = 260; // cells of at most this many tell their number
const LEAST = 1e-4; // nats: what lies below is as good as none

export const SCORES = {
  kl: { name: "KL divergence / millinats", of: (score) => score.kl.value, place: (v) => Math.log10(Math.max(v, LEAST)), show: (v) => (v < LEAST ? "0" : trimmed(1000 * Number(v.toPrecision(2)))) },
  accuracy_drop: { name: "Accuracy drop / points", of: (score) => score.accuracy_drop.value, place: (v) => v, show: (v) => v.toFixed(1).replace("-", "−") },
};

/** `state.candidates` are shown by `state.score`; `state.picked` says which are outlined. */
export function mapPlot(state, { query, signal, tools }) {
  return plot({
    name: "map", title: "Map of candidates", query, signal, tools,
    lead: "Each cell is one candidate in one neighbourhood: what the teacher loses when only that part is replaced. Outlined are those that the chosen point of the curve is made of.",
    label: () => `Heat map of ${state.candidates.rows.length} neighbourhoods by ${state.candidates.columns.length} candidates, coloured by ${SCORES[state.score].name}. The table shows every number.`,
    size: "map",
    option: (theme, chart) => option(state, theme, chart.getWidth()),
    locate: (chart, x, y) => locate(chart, x, y, state),
    tip: (item) => tip(item, state),
    rows: () => rows(state),
  });
}

/** How high the map should be for so many neighbourhoods, in pixels. */
export const heightOf = (state) => Math.min(Math.max(state.candidates.rows.length * 26, 140), 720) + (longest(state.candidates.columns) > 10 ? 128 : 84);

function cells(state) {
  const { rows: names, columns, items } = state.candidates;
  const row = new Map(names.map((name, place) => [name, place]));
  const column = new Map(columns.map(({ key }, place) => [key, place]));
  return items.map((item) => ({ item, x: column.get(item.column), y: row.get(item.neighbourhood) }));
}

function option(state, theme, width) {
  const { rows: names, columns } = state.candidates;
  const { of, place } = SCORES[state.score];
  const all = cells(state);
  const isTight = 7 * longest(columns) > width / columns.length;
  const places = all.map(({ item }) => place(of(item.score)));
  const range = [Math.min(...places), Math.max(...places)];
  return {
    grid: { left: 12, right: 12, top: 8, bottom: 44, containLabel: true },
    xAxis: { ...axis(theme), type: "category", data: columns.map((each) => each.name), splitLine: { show: false }, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: theme.soft, fontSize: 12, rotate: isTight ? 32 : 0, interval: isTight ? "auto" : 0, hideOverlap: isTight } },
    yAxis: { ...axis(theme), type: "category", data: names, inverse: true, splitLine: { show: false }, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: theme.soft, fontSize: 12, width: 130, overflow: "truncate", hideOverlap: true } },
    visualMap: scale(state, theme, range, width < NARROW),
    series: [heat(state, theme, all, range, width / columns.length), outlined(state, theme, all)],
  };
}

const longest = (columns) => Math.max(...columns.map((each) => each.name.length), 0);

/** Where there is no room for the score's name, the picker above tells it alone. */
function scale({ score }, theme, [min, max], isNarrow) {
  const { name, show } = SCORES[score];
  const back = score === "kl" ? (v) => 10 ** v : (v) => v;
  return {
    type: "continuous", min, max: max > min ? max : min + 1, seriesIndex: 0, dimension: 2, orient: "horizontal", left: "center", bottom: 0,
    itemWidth: 12, itemHeight: isNarrow ? 150 : 220, calculable: false, hoverLink: false, inRange: { color: ramp(theme.isDark) },
    text: [show(back(max)), `${isNarrow ? "" : `${name}   `}${show(back(min))}`], textStyle: { color: theme.soft, fontSize: 12, fontFamily: "Inter" }, textGap: 10,
  };
}

function heat(state, theme, all, [min, max], cellWidth) {
  const { of, place, show } = SCORES[state.score];
  const stops = ramp(theme.isDark);
  const isLabelled = all.length <= LABELLED && cellWidth > 42;
  const ink = (value) => inkOn(between(stops, (value - min) / (max - min || 1)));
  return {
    type: "heatmap", silent: true, progressive: 4000,
    data: all.map(({ item, x, y }) => {
      const value = of(item.score);
      const where = place(value);
      return isLabelled ? { value: [x, y, where], label: { color: ink(where), formatter: show(value) } } : [x, y, where];
    }),
    label: { show: isLabelled, fontSize: 11, fontFamily: "Inter" },
    itemStyle: { borderColor: theme.surface, borderWidth: all.length > 3000 ? 0 : 1 },
  };
}

function outlined(state, theme, all) {
  const chosen = new Set(state.picked?.choices ?? []);
  return {
    id: "outlined", type: "custom", silent: true, z: 5,
    data: all.filter(({ item }) => chosen.has(item.id)).map(({ x, y }) => [x, y]),
    renderItem: (_params, api) => {
      const [x, y] = api.coord([api.value(0), api.value(1)]);
      const [width, height] = api.size([1, 1]);
      const shape = { x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2, r: 2 };
      return { type: "group", children: [
        { type: "rect", shape, style: { fill: "none", stroke: theme.surface, lineWidth: 5 } },
        { type: "rect", shape, style: { fill: "none", stroke: theme.isDark ? "#ff9d5c" : "#d55e00", lineWidth: 2.5 } },
      ] };
    },
  };
}

/** What changes when another point is picked. */
export function outlinedOption(state) {
  const chosen = new Set(state.picked?.choices ?? []);
  return { series: [{ id: "outlined", data: cells(state).filter(({ item }) => chosen.has(item.id)).map(({ x, y }) => [x, y]) }] };
}

function locate(chart, x, y, state) {
  if (!chart.containPixel({ gridIndex: 0 }, [x, y])) return null;
  const [column, row] = chart.convertFromPixel({ gridIndex: 0 }, [x, y]).map(Math.round);
  const { rows: names, columns } = state.candidates;
  const item = state.candidates.at(names[row], columns[column]);
  return item ? { item, at: [x, y] } : null;
}

function tip(item) {
  const { score, cost } = item;
  return [
    facts(`${item.neighbourhood}, ${candidateName(item)}`, [
      ["KL", `${score.kl.value.toPrecision(2)} nats`],
      ["accuracy", accuracy(score.accuracy.value)],
      ["drop", estimate(score.accuracy_drop, "points", 2)],
      ["parameters", short(cost.parameters)],
      ["MACs", short(cost.macs)],
    ]),
  ];
}

function rows({ candidates, picked }) {
  const chosen = new Set(picked?.choices ?? []);
  return table([
    { name: "Neighbourhood", head: true, of: (each) => h("code", {}, each.neighbourhood) },
    { name: "Candidate", of: (each) => candidateName(each) },
    { name: "Chosen", of: (each) => (chosen.has(each.id) ? "yes" : "") },
    { name: "KL / nats", number: true, of: (each) => `${each.score.kl.value.toPrecision(2)} ± ${each.score.kl.standard_error.toPrecision(1)}` },
    { name: "Accuracy drop", number: true, of: (each) => estimate(each.score.accuracy_drop, "points", 2) },
    { name: "Parameters", number: true, of: (each) => short(each.cost.parameters) },
    { name: "MACs", number: true, of: (each) => short(each.cost.macs) },
  ], candidates.items, { label: "The candidates of the library", alone: true, tall: true, mark: (each) => chosen.has(each.id) });
}
