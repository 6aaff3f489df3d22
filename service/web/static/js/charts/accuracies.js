// What was predicted of a student and what was measured, on one scale.

import { accuracy, interval } from "../format.js";
import { table } from "../parts/table.js";
import { facts, plot } from "./plot.js";
import { axis } from "./theme.js";

const NORMAL_90 = 1.645;

/** `entries` are {name, colour, value, low, high, from}, in the order in which they are read. */
export function accuraciesPlot(entries, { query, signal }) {
  return plot({
    name: "accuracies", title: "Predicted and measured", query, signal, size: "low",
    lead: "Accuracy with its 90 % interval.",
    label: () => entries.map((each) => `${each.name} ${accuracy(each.value)}, 90 % interval ${interval(each)}`).join("; "),
    option: (theme, chart) => option(entries, theme, chart.getWidth()),
    locate: (chart, x, y) => locate(chart, x, y, entries),
    tip: (item) => facts(item.name, [["accuracy", accuracy(item.value, 2)], ["90 % interval", interval(item, 2)]], item.from),
    rows: () => table([
      { name: "What", head: true, of: (each) => each.name },
      { name: "Accuracy", number: true, of: (each) => accuracy(each.value, 2) },
      { name: "90 % interval", number: true, of: (each) => interval(each, 2) ?? "–" },
      { name: "Of what", of: (each) => each.from },
    ], entries, { label: "Predicted and measured accuracy", alone: true }),
  });
}

/** A mean of images with the interval that its standard error gives. */
export function withInterval({ value, standard_error: error }) {
  return { value, low: Math.max(0, value - NORMAL_90 * error), high: Math.min(100, value + NORMAL_90 * error) };
}

const LABEL = 60; // pixels for a number below the axis
const NAMES = 140; // and for the names beside it

function option(entries, theme, width) {
  const ends = entries.flatMap((each) => [each.low ?? each.value, each.high ?? each.value]);
  const margin = 0.08 * (Math.max(...ends) - Math.min(...ends)) || 1;
  return {
    grid: { left: 8, right: 24, top: 4, bottom: 4, containLabel: true },
    xAxis: axis(theme, { type: "value", splitNumber: Math.min(Math.max(Math.floor((width - NAMES) / LABEL), 1), 5), min: Math.max(0, Math.min(...ends) - margin), max: Math.min(100, Math.max(...ends) + margin), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: theme.soft, fontSize: 12, showMinLabel: false, showMaxLabel: false, formatter: (value) => `${Number(value.toFixed(1))} %` } }),
    yAxis: { ...axis(theme), type: "category", inverse: true, data: entries.map((each) => each.name), splitLine: { show: false }, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: theme.ink, fontSize: 13, fontFamily: "Inter" } },
    series: [{ type: "custom", silent: true, data: entries.map((each, place) => [each.value, place]), renderItem: (params, api) => mark(entries[params.dataIndex], api, theme) }],
  };
}

function mark({ value, low, high, colour }, api, theme) {
  const [x, y] = api.coord([value, api.value(1)]);
  const fill = theme[colour];
  const children = [];
  if (low !== undefined) {
    const [left] = api.coord([low, 0]);
    const [right] = api.coord([high, 0]);
    children.push({ type: "rect", shape: { x: left, y: y - 4, width: Math.max(right - left, 1), height: 8, r: 4 }, style: { fill, opacity: 0.3 } });
  }
  children.push({ type: "circle", shape: { cx: x, cy: y, r: 6 }, style: { fill, stroke: theme.surface, lineWidth: 2 } });
  return { type: "group", children };
}

function locate(chart, x, y, entries) {
  if (!chart.containPixel({ gridIndex: 0 }, [x, y])) return null;
  const [, place] = chart.convertFromPixel({ gridIndex: 0 }, [x, y]);
  const item = entries[Math.round(place)];
  return item ? { item, at: [x, y] } : null;
}
