// Measured accuracy against predicted: on the diagonal a prediction was right.

import { accuracy, estimate, interval, short, whole } from "../format.js";
import { h, s } from "../dom.js";
import { state } from "../parts/page.js";
import { table } from "../parts/table.js";
import { go } from "../router.js";
import { withInterval } from "./accuracies.js";
import { facts, nearest, plot } from "./plot.js";
import { axis, MARKS } from "./theme.js";

/** `entries()` are {student, cost, predicted, measured, state, strategy?, promised?}. */
export function agreementPlot(entries, { query, signal }) {
  const known = () => entries().filter((each) => each.measured);
  return plot({
    name: "agreement", title: "Predicted and measured accuracy", query, signal,
    lead: "One mark for each student; bars are 90 % intervals. On the diagonal the prediction was right. Hover for the numbers; click to open the student.",
    keys: [key("blue", "inside the predicted interval"), key("orange", "outside", true)],
    label: () => describe(known(), entries().length),
    option: (theme) => option(known(), theme),
    locate: (chart, x, y) => nearest(known().map((item) => ({ item, at: chart.convertToPixel({ gridIndex: 0 }, [item.predicted.value, item.measured.value]) })), x, y),
    tip: (item) => facts(`${short(item.cost.parameters)} parameters`, [
      ["predicted", accuracy(item.predicted.value)], ["90 % interval", interval(item.predicted)], ["measured", estimate(item.measured)],
    ], "Click to open the student."),
    pick: (item) => go(`/students/${item.student}`),
    rows: () => rows(entries()),
  });
}

export const isInside = ({ predicted: { low, high }, measured }) => low === undefined || (low <= measured.value && measured.value <= high);

function option(known, theme) {
  const ends = known.flatMap(({ predicted: { value, low, high }, measured }) => [low ?? value, high ?? value, withInterval(measured).low, withInterval(measured).high]);
  const [least, most] = ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : [0, 100];
  const room = 0.04 * (most - least) || 1;
  const range = { min: Math.max(0, least - room), max: Math.min(100, most + room) };
  const labels = { color: theme.soft, fontSize: 12, showMinLabel: false, showMaxLabel: false, formatter: (value) => String(Number(value.toFixed(1))) };
  return {
    grid: { left: 56, right: 24, top: 14, bottom: 50 },
    xAxis: axis(theme, { type: "value", ...range, name: "Predicted / %", nameGap: 32, axisLabel: labels }),
    yAxis: axis(theme, { type: "value", ...range, name: "Measured / %", nameGap: 40, axisLabel: labels }),
    series: [
      { id: "diagonal", type: "line", silent: true, symbol: "none", data: [[range.min, range.min], [range.max, range.max]], lineStyle: { color: theme.edge, type: "dotted", width: 1.5 } },
      bars(known, theme),
      marks("inside", known.filter(isInside), "circle", theme.blue, theme),
      marks("outside", known.filter((each) => !isInside(each)), MARKS.uniform[0], theme.orange, theme),
    ],
  };
}

function marks(id, items, symbol, color, theme) {
  return { id, type: "scatter", silent: true, symbol, symbolSize: 11, z: 4, itemStyle: { color, borderColor: theme.surface, borderWidth: 1.5 }, data: items.map((each) => [each.predicted.value, each.measured.value]) };
}

function bars(known, theme) {
  return {
    id: "bars", type: "custom", silent: true, clip: true, z: 2, data: known.map((each) => [each.predicted.value, each.measured.value]),
    renderItem: (params, api) => {
      const { predicted, measured } = known[params.dataIndex];
      const { low, high } = withInterval(measured);
      const stroke = (from, to) => {
        const [[x1, y1], [x2, y2]] = [api.coord(from), api.coord(to)];
        return { type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: theme.soft, lineWidth: 1.2, opacity: 0.7 } };
      };
      const across = predicted.low === undefined ? [] : [stroke([predicted.low, measured.value], [predicted.high, measured.value])];
      return { type: "group", children: [...across, stroke([predicted.value, low], [predicted.value, high])] };
    },
  };
}

function key(colour, text, isBox = false) {
  const mark = isBox ? s("rect", { x: 7, y: 2, width: 9, height: 9, fill: "currentColor" }) : s("circle", { cx: 11, cy: 6, r: 4.5, fill: "currentColor" });
  return h("li", {}, s("svg", { class: `key-${colour}`, viewBox: "0 0 22 12" }, mark), text);
}

function describe(known, total) {
  if (known.length === 0) return `No student of ${total} is measured yet.`;
  const inside = known.filter(isInside).length;
  return `Measured against predicted accuracy of ${known.length} of ${total} students, ${inside} of them inside the interval that was predicted. The table shows every number.`;
}

function rows(items) {
  const isPromised = items.some((each) => each.promised);
  return table([
    { name: "Student", head: true, of: (each) => h("a", { href: `/students/${each.student}` }, `${short(each.cost.parameters)} parameters`, h("span", { class: "unseen" }, `, exactly ${whole(each.cost.parameters)}`)) },
    items.some((each) => each.strategy) && { name: "Strategy", of: (each) => each.strategy },
    isPromised && { name: "Promised", number: true, of: (each) => (each.promised ? interval(each.promised) : "–") },
    { name: "Predicted", number: true, of: (each) => accuracy(each.predicted.value) },
    { name: "90 % interval", number: true, of: (each) => interval(each.predicted) ?? "–" },
    { name: "Measured", number: true, of: (each) => (each.measured ? estimate(each.measured) : state(each.state)) },
    { name: "Inside", of: (each) => (each.measured ? (isInside(each) ? "yes" : "no") : "–") },
  ].filter(Boolean), items, { label: "Students, predicted and measured", alone: true, tall: true });
}
