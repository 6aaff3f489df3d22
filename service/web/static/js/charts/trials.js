// The trials of a measured search: each one's accuracy, and the best so far.

import { accuracy, estimate, millinats } from "../format.js";
import { h, s } from "../dom.js";
import { table } from "../parts/table.js";
import { facts, nearest, plot } from "./plot.js";
import { axis } from "./theme.js";

/** `state.trials` in their order; `recipe(choices)` tells what one is made of. */
export function trialsPlot(state, { query, signal, recipe }) {
  return plot({
    name: "trials", title: "Trials", query, signal, size: "mid",
    lead: "Accuracy on the scoring images, on which the search chooses: of the best it promises too much. Hover for the recipe.",
    keys: [
      key("blue", s("circle", { cx: 11, cy: 6, r: 4, fill: "currentColor" }), "a trial"),
      key("blue", s("path", { d: "M0 6h22", stroke: "currentColor", "stroke-width": 2 }), "the best so far"),
      key("orange", s("rect", { x: 6, y: 1, width: 10, height: 10, fill: "currentColor" }), "what the exact strategy finds best"),
    ],
    label: () => describe(state.trials),
    option: (theme) => option(state.trials, theme),
    locate: (chart, x, y) => nearest(state.trials.map((item) => ({ item, at: chart.convertToPixel({ gridIndex: 0 }, [item.number + 1, item.score.accuracy.value]) })), x, y),
    tip: (item) => [facts(`Trial ${item.number + 1}`, numbers(item)), recipe(item.choices)],
    rows: () => rows(state.trials),
  });
}

const bestOf = (trials) => trials.reduce((best, each) => (best && best.score.accuracy.value >= each.score.accuracy.value ? best : each), null);

const numbers = ({ score, loss }) => [["accuracy", estimate(score.accuracy)], ["KL, measured", millinats(score.kl.value)], ["KL, predicted", millinats(loss)]];

function option(trials, theme) {
  const values = trials.map((each) => each.score.accuracy.value);
  let best = -Infinity;
  const course = trials.map((each, place) => [place + 1, (best = Math.max(best, values[place]))]);
  const marks = (id, items, symbol, color) => ({ id, type: "scatter", silent: true, symbol, symbolSize: 9, z: 4, itemStyle: { color, borderColor: theme.surface, borderWidth: 1 }, data: items.map((each) => [each.number + 1, each.score.accuracy.value]) });
  const labels = { color: theme.soft, fontSize: 12, formatter: (value) => String(Number(value.toFixed(1))) };
  return {
    grid: { left: 56, right: 24, top: 14, bottom: 46 },
    xAxis: axis(theme, { type: "value", min: 0, max: Math.max(2, trials.length + 1), minInterval: 1, name: "Trial", nameGap: 28, splitLine: { show: false } }),
    yAxis: axis(theme, { type: "value", scale: true, name: "Accuracy / %", nameGap: 40, axisLine: { show: false }, axisTick: { show: false }, axisLabel: labels }),
    series: [
      { id: "best", type: "line", silent: true, step: "end", symbol: "none", lineStyle: { color: theme.blue, width: 2 }, data: course },
      marks("trials", trials.slice(1), "circle", theme.blue),
      marks("first", trials.slice(0, 1), "rect", theme.orange),
    ],
  };
}

const key = (colour, mark, text) => h("li", {}, s("svg", { class: `key-${colour}`, viewBox: "0 0 22 12" }, mark), text);

function describe(trials) {
  if (trials.length === 0) return "No trial is measured yet.";
  const best = bestOf(trials);
  return `${trials.length} trials; the best is number ${best.number + 1} with ${accuracy(best.score.accuracy.value)}, the first, by the exact strategy, has ${accuracy(trials[0].score.accuracy.value)}. The table shows every one.`;
}

function rows(trials) {
  const best = bestOf(trials);
  return table([
    { name: "Trial", head: true, of: (each) => `${each.number + 1}${each.number === 0 ? ", exact" : ""}${each === best ? ", best" : ""}` },
    { name: "Accuracy", number: true, of: (each) => estimate(each.score.accuracy) },
    { name: "KL, measured", number: true, of: (each) => millinats(each.score.kl.value) },
    { name: "KL, predicted", number: true, of: (each) => millinats(each.loss) },
  ], trials, { label: "Trials of the search", alone: true, tall: true, mark: (each) => each === best });
}
