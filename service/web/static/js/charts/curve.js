// The trade-off curve: accuracy against a cost, with what to compare it with.

import { accuracy, AXES, estimate, interval, percent } from "../format.js";
import { h, s } from "../dom.js";
import { table } from "../parts/table.js";
import { facts, nearest, plot } from "./plot.js";
import { extent, ticks } from "./scale.js";
import { axis, MARKS, OTHER_MARK, STAR } from "./theme.js";

const DEPTH = 30; // points below the teacher that are always shown; further down only what was measured
const NORMAL_90 = 1.645;
const LABEL = 65; // pixels for a number below the axis
export const GRID = { left: 56, right: 24, top: 14, bottom: 50 };

/** `state.curve` is shown; `state.picked` is outlined; `onAsk` a point, `onOpen` a student. */
export function curvePlot(state, { query, signal, tools, below, onAsk, onOpen, recipe, onFit }) {
  const points = () => entries(state.curve);
  return plot({
    name: "curve", title: "Trade-off curve", query, signal, tools, below, onFit,
    lead: "No selection of candidates beats a point of the curve on cost and predicted loss together. Hover for the recipe; click to ask for that student.",
    label: () => describe(state.curve),
    keys: legend(state.curve),
    option: (theme, chart) => option(state, theme, chart.getWidth()),
    locate: (chart, x, y) => nearest(placed(chart, points(), state.curve.axis), x, y),
    tip: (item) => tip(item, state.curve, recipe),
    pick: (item) => (item.kind === "measured" ? onOpen(item.point) : item.kind === "teacher" ? null : onAsk(item.point, item.kind)),
    rows: () => rows(state),
  });
}

export const costOf = (curve, point) => point.cost[curve.axis];

function entries(curve) {
  const of = (kind, points, value) => points.map((point) => ({ kind, point, cost: costOf(curve, point), value: value(point) }));
  return [
    ...of("measured", curve.measured, (each) => each.measured_accuracy.value),
    ...of("curve", curve.points, (each) => each.predicted_accuracy.value),
    ...of("uniform", curve.uniform, (each) => each.predicted_accuracy.value),
    { kind: "teacher", point: null, cost: curve.teacher_cost[curve.axis], value: curve.teacher_accuracy.value },
  ];
}

const cache = new WeakMap();

function placed(chart, items) {
  const size = `${chart.getWidth()}`;
  const held = cache.get(chart);
  if (held?.size === size && held.first === items[0]?.point && held.count === items.length) return held.points;
  const points = items.map((item) => ({ item, at: chart.convertToPixel({ gridIndex: 0 }, [Math.log10(item.cost), item.value]) }));
  cache.set(chart, { size, first: items[0]?.point, count: items.length, points });
  return points;
}

export function domain(curve) {
  const costs = entries(curve).map((each) => each.cost);
  return extent(costs);
}

function option(state, theme, width) {
  const { curve } = state;
  const [low, high] = domain(curve);
  const marks = ticks(10 ** low, 10 ** high, Math.min(Math.floor(width / LABEL), 9)).map(Math.log10);
  const [bottom, top] = limits(curve);
  const { show, title } = AXES[curve.axis];
  return {
    grid: { ...GRID, containLabel: false },
    xAxis: axis(theme, {
      type: "value", min: low, max: high, name: `${title} (logarithmic)`, nameGap: 32,
      splitLine: { show: false },
      axisTick: { customValues: marks, lineStyle: { color: theme.edge } },
      axisLabel: { customValues: marks, formatter: (value) => show(10 ** value), color: theme.soft, fontSize: 12 },
    }),
    yAxis: axis(theme, { type: "value", min: bottom, max: top, name: "Accuracy / %", nameGap: 40, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: theme.soft, fontSize: 12, showMinLabel: false, showMaxLabel: false, formatter: (value) => String(Number(value.toFixed(1))) } }),
    series: [
      band(curve, theme),
      line("curve", curve, curve.points, { color: theme.blue, symbol: "circle", size: curve.points.length > 150 ? 0 : 4 }),
      line("uniform", curve, curve.uniform, { color: theme.orange, type: "dashed", symbol: "rect", size: 6 }),
      whiskers(curve, theme),
      ...students(curve, theme),
      teacher(curve, theme),
      picked(state, theme),
    ],
  };
}

const xy = (curve, point) => [Math.log10(costOf(curve, point)), point.predicted_accuracy.value];

/** In steps: between two points a budget buys no more than the cheaper one. */
function line(id, curve, points, { color, type = "solid", symbol, size }) {
  return {
    id, type: "line", data: points.map((each) => xy(curve, each)), step: "end", symbol, symbolSize: size, showSymbol: size > 0,
    lineStyle: { color, width: 2, type }, itemStyle: { color }, silent: true, z: 3, clip: true,
  };
}

/** The 90 % interval of the curve as one polygon of steps. */
function band(curve, theme) {
  const corners = (at) => curve.points.flatMap((each, place) => {
    const x = Math.log10(costOf(curve, each));
    const before = curve.points[place - 1];
    return before ? [[x, at(before)], [x, at(each)]] : [[x, at(each)]];
  });
  const outline = [...corners((each) => each.predicted_accuracy.high), ...corners((each) => each.predicted_accuracy.low).reverse()];
  return {
    id: "band", type: "custom", silent: true, clip: true, z: 1, data: [outline[0]],
    renderItem: (_params, api) => ({
      type: "polygon", shape: { points: outline.map((each) => api.coord(each)) },
      style: { fill: theme.blue, opacity: theme.isDark ? 0.2 : 0.13 },
    }),
  };
}

/** 90 % intervals of the measured accuracies. */
function whiskers(curve, theme) {
  return {
    id: "whiskers", type: "custom", silent: true, clip: true, z: 4,
    data: curve.measured.map((each) => [Math.log10(costOf(curve, each)), each.measured_accuracy.value, NORMAL_90 * each.measured_accuracy.standard_error]),
    renderItem: (_params, api) => {
      const [x, high] = api.coord([api.value(0), api.value(1) + api.value(2)]);
      const low = api.coord([api.value(0), api.value(1) - api.value(2)])[1];
      const stroke = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: theme.ink, lineWidth: 1.2, opacity: 0.75 } });
      return { type: "group", children: [stroke(x, low, x, high), stroke(x - 4, low, x + 4, low), stroke(x - 4, high, x + 4, high)] };
    },
  };
}

function students(curve, theme) {
  return strategies(curve).map((strategy) => {
    const [symbol, colour] = MARKS[strategy] ?? OTHER_MARK;
    return {
      id: `measured-${strategy}`, type: "scatter", symbol, symbolSize: 11, silent: true, z: 5, clip: true,
      itemStyle: { color: theme[colour], borderColor: theme.surface, borderWidth: 1.5 },
      data: curve.measured.filter((each) => each.strategy === strategy).map((each) => [Math.log10(costOf(curve, each)), each.measured_accuracy.value]),
    };
  });
}

const strategies = (curve) => [...new Set(curve.measured.map((each) => each.strategy))].sort();

function teacher(curve, theme) {
  const value = curve.teacher_accuracy.value;
  return {
    id: "teacher", type: "scatter", symbol: STAR, symbolSize: 18, silent: true, z: 6,
    itemStyle: { color: theme.ink, borderColor: theme.surface, borderWidth: 1 },
    data: [[Math.log10(curve.teacher_cost[curve.axis]), value]],
    markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: theme.edge, type: "dotted", width: 1.2 }, data: [{ yAxis: value }] },
  };
}

function picked(state, theme) {
  const data = state.picked ? [xy(state.curve, state.picked)] : [];
  return {
    id: "picked", type: "scatter", symbol: "circle", symbolSize: 15, silent: true, z: 8, data,
    itemStyle: { color: "transparent", borderColor: theme.ink, borderWidth: 2.2 },
    markLine: { silent: true, symbol: "none", animation: false, precision: 9, label: { show: false }, lineStyle: { color: theme.ink, width: 1.2, type: "solid", opacity: 0.55 }, data: data.map(([x]) => ({ xAxis: x })) },
  };
}

/** What changes when another point is picked, without drawing all else again. */
export function pickedOption(state) {
  const data = state.picked ? [xy(state.curve, state.picked)] : [];
  return { series: [{ id: "picked", data, markLine: { data: data.map(([x]) => ({ xAxis: x })) } }] };
}

function limits(curve) {
  const top = curve.teacher_accuracy.value;
  const lines = [...curve.points, ...curve.uniform].map((each) => each.predicted_accuracy.low);
  const measured = curve.measured.map((each) => each.measured_accuracy.value);
  const lowest = Math.min(Math.max(Math.min(...lines), top - DEPTH), ...measured);
  const highest = Math.max(top, ...measured, ...curve.points.map((each) => each.predicted_accuracy.high));
  const margin = 0.05 * (highest - lowest) || 1;
  return [Math.max(0, lowest - margin), Math.min(highest + margin, 102)];
}

function tip({ kind, point }, curve, recipe) {
  const { name, exact } = AXES[curve.axis];
  if (kind === "teacher") return facts("The teacher", [[name, exact(curve.teacher_cost[curve.axis])], ["accuracy", estimate(curve.teacher_accuracy)]]);
  const title = { curve: "On the curve", uniform: "One multiplier everywhere", measured: `Measured student, ${point.strategy}` }[kind];
  const words = { curve: "Click to ask for this student.", uniform: "Click to ask for it.", measured: "Click to open it." }[kind];
  return [
    facts(title, [
      [name, `${exact(costOf(curve, point))} (${percent(point.share)})`],
      ["predicted", accuracy(point.predicted_accuracy.value)],
      ["90 % interval", interval(point.predicted_accuracy)],
      ["measured", kind === "measured" ? estimate(point.measured_accuracy) : null],
    ]),
    point.choices && recipe(point.choices),
    h("p", {}, words),
  ];
}

function describe(curve) {
  const [first, last] = [curve.points[0], curve.points.at(-1)];
  const { name, show } = AXES[curve.axis];
  return `Trade-off curve of accuracy against ${name}, ${curve.points.length} points from ${show(costOf(curve, first))} at ${accuracy(first.predicted_accuracy.value)} to ${show(costOf(curve, last))} at ${accuracy(last.predicted_accuracy.value)}; the teacher has ${accuracy(curve.teacher_accuracy.value)}. The table shows every point.`;
}

function legend(curve) {
  const key = (colour, mark, text) => h("li", {}, s("svg", { class: `key-${colour}`, viewBox: "0 0 22 12" }, mark), text);
  const stroke = (more = {}) => s("path", { d: "M0 6h22", stroke: "currentColor", "stroke-width": 2, fill: "none", ...more });
  return [
    key("blue", stroke(), "exact selection, predicted"),
    key("blue", s("rect", { width: 22, height: 12, fill: "currentColor", opacity: 0.2 }), "its 90 % interval"),
    key("orange", stroke({ "stroke-dasharray": "5 3" }), "one multiplier everywhere, predicted"),
    curve.measured.length > 0 && key("grey", [s("circle", { cx: 11, cy: 6, r: 4.5, fill: "currentColor" }), s("path", { d: "M11-1v14", stroke: "currentColor" })], "measured students, 90 % interval"),
    key("grey", s("path", { d: "M11-1l2 5 5 .4-4 3.3 1.3 5-4.3-2.8L6.700 12.700 8 7.700 4 4.400 9 4z", fill: "currentColor" }), "teacher"),
  ].filter(Boolean);
}

function rows({ curve, picked: chosen }) {
  const { title, exact } = AXES[curve.axis];
  const names = { curve: "exact, predicted", uniform: "uniform, predicted", teacher: "teacher" };
  const items = entries(curve).sort((a, b) => a.cost - b.cost);
  const prediction = (each) => each.point?.predicted_accuracy;
  return table([
    { name: title, number: true, of: (each) => exact(each.cost) },
    { name: "Share", number: true, of: (each) => percent(each.cost / curve.teacher_cost[curve.axis]) },
    { name: "What", of: (each) => (each.kind === "measured" ? h("a", { href: `/students/${each.point.student}` }, `${each.point.strategy}, measured`) : names[each.kind]) },
    { name: "Predicted", number: true, of: (each) => (prediction(each) ? accuracy(prediction(each).value) : "–") },
    { name: "90 % interval", number: true, of: (each) => (prediction(each) ? interval(prediction(each)) : "–") },
    { name: "Measured", number: true, of: (each) => (each.kind === "measured" ? estimate(each.point.measured_accuracy) : each.kind === "teacher" ? accuracy(each.value) : "–") },
  ], items, { label: "The points of the trade-off curve", alone: true, tall: true, mark: (each) => each.point === chosen });
}
