// Accuracy against a knob, one line a neighbourhood: Figure 6 of the paper.

import { accuracy, candidateName, estimate } from "../format.js";
import { h, s } from "../dom.js";
import { table } from "../parts/table.js";
import { facts, nearest, plot } from "./plot.js";
import { axis, between, colours, ramp } from "./theme.js";

/** `state.knob` is {kind, knob}; `state.focus` the neighbourhood that stands out, or null. */
export function knobsPlot(state, { query, signal, tools }) {
  return plot({
    name: "knobs", title: "Accuracy against the multiplier", query, signal, tools,
    lead: "Accuracy when one neighbourhood alone is replaced. Where a line falls early, the teacher can hardly spare that part.",
    label: () => `Lines of accuracy against the ${state.knob.knob} of ${state.knob.kind} candidates, one for each of ${state.candidates.rows.length} neighbourhoods. The table shows every number.`,
    keys: state.candidates.rows.length > 1 ? [depthKey(state.candidates.rows)] : [],
    option: (theme) => option(state, theme),
    locate: (chart, x, y) => nearest(shown(state).map((item) => ({ item, at: chart.convertToPixel({ gridIndex: 0 }, [item.knobs[state.knob.knob], item.score.accuracy.value]) })), x, y, 30),
    tip: (item) => facts(item.neighbourhood, [["candidate", candidateName(item)], ["accuracy", estimate(item.score.accuracy)], ["drop", estimate(item.score.accuracy_drop, "points", 2)]]),
    rows: () => rows(state),
  });
}

/** The numeric knobs of all kinds that are there: {kind, knob, values}. */
export function knobsOf(candidates) {
  const found = new Map();
  for (const { kind, knobs } of candidates.items) {
    for (const [knob, value] of Object.entries(knobs)) {
      if (typeof value !== "number") continue;
      const key = `${kind}.${knob}`;
      if (!found.has(key)) found.set(key, { key, kind, knob, values: new Set() });
      found.get(key).values.add(value);
    }
  }
  return [...found.values()].filter((each) => each.values.size > 1);
}

function shown({ candidates, knob, focus }) {
  return candidates.items.filter((each) => each.kind === knob.kind && knob.knob in each.knobs && (!focus || each.neighbourhood === focus));
}

/** One line for a neighbourhood and the other knobs of its candidates. */
function lines({ candidates, knob }) {
  const found = new Map();
  for (const each of candidates.items) {
    if (each.kind !== knob.kind) continue;
    const { [knob.knob]: at, ...others } = each.knobs;
    const key = `${each.neighbourhood} ${JSON.stringify(others)}`;
    if (!found.has(key)) found.set(key, { name: each.neighbourhood, points: [] });
    found.get(key).points.push([at, each.score.accuracy.value]);
  }
  for (const each of found.values()) each.points.sort((a, b) => a[0] - b[0]);
  return [...found.values()];
}

function option(state, theme) {
  const stops = depths(theme.isDark);
  const last = Math.max(state.candidates.rows.length - 1, 1);
  const place = new Map(state.candidates.rows.map((name, index) => [name, index / last]));
  const all = lines(state);
  const values = all.flatMap(({ points }) => points.map((each) => each[1]));
  const [low, high] = [Math.min(...values, state.accuracy ?? 100), Math.max(...values, state.accuracy ?? 0)];
  const margin = 0.06 * (high - low) || 1;
  return {
    grid: { left: 56, right: 24, top: 14, bottom: 50 },
    xAxis: axis(theme, { type: "value", name: state.knob.knob[0].toUpperCase() + state.knob.knob.slice(1), nameGap: 30, splitLine: { show: false }, scale: true }),
    yAxis: axis(theme, { type: "value", name: "Accuracy / %", nameGap: 40, min: Math.max(0, low - margin), max: Math.min(high + margin, 102), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: theme.soft, fontSize: 12, showMinLabel: false, showMaxLabel: false, formatter: (value) => String(Number(value.toFixed(1))) } }),
    series: all.map((each, index) => drawn(each, state, theme, between(stops, place.get(each.name)), index === 0)),
  };
}

function drawn({ name, points }, { focus, accuracy: whole }, theme, colour, isFirst) {
  const isDim = focus && focus !== name;
  return {
    type: "line", name, data: points, silent: true, symbol: "circle", symbolSize: focus === name ? 7 : 4, showSymbol: !isDim && points.length < 40, sampling: "lttb",
    lineStyle: { color: isDim ? theme.line : colour, width: focus === name ? 3 : 1.7 }, itemStyle: { color: colour }, z: focus === name ? 5 : 2,
    markLine: isFirst && whole ? { silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: theme.edge, type: "dotted" }, data: [{ yAxis: whole }] } : undefined,
  };
}

function rows(state) {
  const values = [...new Set(shown(state).map((each) => each.knobs[state.knob.knob]))].sort((a, b) => a - b);
  const items = lines(state).filter((each) => !state.focus || each.name === state.focus);
  return table([
    { name: "Neighbourhood", head: true, of: (each) => h("code", {}, each.name) },
    ...values.map((value) => ({ name: String(value), number: true, of: ({ points }) => {
      const found = points.find(([at]) => at === value);
      return found ? accuracy(found[1]) : "–";
    } })),
  ], items, { label: `Accuracy against the ${state.knob.knob}`, alone: true, tall: true });
}

/** Colours from the first to the last neighbourhood, those left out that the page swallows. */
const depths = (isDark) => ramp(isDark).slice(2);

function depthKey(names) {
  const stops = depths(colours().isDark);
  const boxes = stops.map((fill, place) => s("rect", { x: place * 8, width: 8, height: 12, fill }));
  return h("li", {}, names[0], s("svg", { viewBox: `0 0 ${8 * stops.length} 12`, class: "long" }, boxes), names.at(-1));
}
