// A student's layers beside its teacher's: a bar for each, as high as it has outputs.

import { h, s } from "../dom.js";
import { percent, whole } from "../format.js";
import { table } from "../parts/table.js";
import { facts, plot } from "./plot.js";
import { axis } from "./theme.js";

const WIDE = 40; // beyond this ratio of the widest to the narrowest layer, narrow ones would vanish

/** `pairs` are {name, teacher, student, sparsity}, from input to output. */
export function profilePlot(pairs, { query, signal }) {
  const scale = scaleOf(pairs);
  return plot({
    name: "layers", title: "Layers", query, signal, size: "mid", keys: legend(pairs),
    lead: `Every convolution and linear layer from input to output, as high as it has outputs${scale.isRoot ? ", on a square-root scale" : ""}; read from the files themselves.`,
    label: () => `Bars for ${pairs.length} layers: outputs of the student's beside the teacher's. The table shows every number.`,
    option: (theme) => option(pairs, scale, theme),
    locate: (chart, x, y) => locate(chart, x, y, pairs),
    tip: (item) => tip(item),
    rows: () => rows(pairs),
  });
}

function scaleOf(pairs) {
  const outputs = pairs.map((each) => (each.teacher ?? each.student).outputs);
  const isRoot = Math.max(...outputs) / Math.min(...outputs) > WIDE;
  return { isRoot, of: isRoot ? Math.sqrt : (value) => value };
}

function option(pairs, scale, theme) {
  const most = Math.max(...pairs.flatMap(({ teacher, student }) => [teacher, student]).filter(Boolean).map((each) => scale.of(each.outputs)));
  return {
    grid: { left: 12, right: 12, top: 8, bottom: 8, containLabel: true },
    xAxis: { ...axis(theme), type: "category", data: pairs.map((each) => each.name), splitLine: { show: false }, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: theme.soft, fontSize: 11, rotate: 55, interval: pairs.length > 45 ? "auto" : 0, width: 130, overflow: "truncate" } },
    yAxis: { type: "value", min: -most / 2, max: most / 2, show: false },
    series: [{
      type: "custom", silent: true, clip: true,
      data: pairs.map((_each, place) => [place, 0]),
      renderItem: (params, api) => bars(pairs[params.dataIndex], api, scale, theme),
    }],
  };
}

function bars({ teacher, student, sparsity }, api, scale, theme) {
  const [x] = api.coord([api.value(0), 0]);
  const width = Math.max(2, Math.min(0.72 * api.size([1, 0])[0], 34));
  const bar = (outputs, style, share = 1) => {
    const high = api.coord([0, (scale.of(outputs) / 2) * share])[1];
    const low = api.coord([0, (-scale.of(outputs) / 2) * share])[1];
    return { type: "rect", shape: { x: x - width / 2, y: high, width, height: low - high, r: Math.min(3, width / 4) }, style };
  };
  const children = [];
  if (teacher) children.push(bar(teacher.outputs, { fill: theme.line }));
  if (student) {
    if (sparsity) children.push(bar(student.outputs, { fill: theme.sky, opacity: 0.55 }));
    children.push(bar(student.outputs, { fill: theme.blue }, 1 - (sparsity ?? 0)));
  }
  return { type: "group", children };
}

function locate(chart, x, y, pairs) {
  if (!chart.containPixel({ gridIndex: 0 }, [x, y])) return null;
  const [place] = chart.convertFromPixel({ gridIndex: 0 }, [x, y]);
  const item = pairs[Math.round(place)];
  return item ? { item, at: [x, y] } : null;
}

const shape = (layer) => (layer ? `${whole(layer.inputs)} → ${whole(layer.outputs)}${layer.kernel.length ? `, ${layer.kernel.join(" × ")}` : ""}` : "not there");

function tip({ name, teacher, student, sparsity }) {
  return facts(name, [["teacher", shape(teacher)], ["student", shape(student)], ["zeros", sparsity ? percent(sparsity, 0) : null]]);
}

function rows(pairs) {
  return table([
    { name: "Layer", head: true, of: (each) => h("code", {}, each.name) },
    { name: "Teacher", of: (each) => shape(each.teacher) },
    { name: "Student", of: (each) => shape(each.student) },
    { name: "Outputs kept", number: true, of: ({ teacher, student }) => (teacher ? percent((student?.outputs ?? 0) / teacher.outputs, 0) : "–") },
    { name: "Zeros", number: true, of: (each) => (each.sparsity ? percent(each.sparsity, 0) : "–") },
  ], pairs, { label: "The student's layers beside the teacher's", alone: true, tall: true });
}

function legend(pairs) {
  const key = (colour, text, opacity = 1) => h("li", {}, s("svg", { class: `key-${colour}`, viewBox: "0 0 22 12" }, s("rect", { width: 22, height: 12, rx: 2, fill: "currentColor", opacity })), text);
  return [
    key("grey", "teacher", 0.3), key("blue", "student"),
    pairs.some((each) => each.sparsity) && key("sky", "student, weights that are zero", 0.55),
  ].filter(Boolean);
}
