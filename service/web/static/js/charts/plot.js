// A plot with the table behind it; drawing is left to ECharts.

import * as echarts from "../../vendor/echarts.js";
import { fill, h, uniqueId } from "../dom.js";
import { keep } from "../router.js";
import { colours, onThemeChange } from "./theme.js";

/**
 * `option(theme, chart)` describes the plot; `rows()` makes its table; `label` tells in a sentence
 * what is to be seen. `locate(chart, x, y)` finds what lies at a pixel: {item, at: [x, y]};
 * `tip(item)` tells of it and `pick(item)` is called when it is clicked. The choice between plot
 * and table is kept in the address under `name`.
 */
export function plot(given) {
  const { name, title, lead, tools = [], keys = [], query, size = "" } = given;
  const id = uniqueId("plot");
  const canvas = h("div", { class: `plot ${size}`, id, role: "img" });
  const rows = h("div", { hidden: true });
  const toggle = h("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Table");
  const below = h("div", {}, given.below ?? []);
  const figure = h("figure", { "data-plot": name },
    h("div", { class: "figure-head" }, h("h2", {}, title), h("div", { class: "figure-tools" }, tools, toggle)),
    lead && h("p", { class: "figure-lead" }, lead),
    keys.length > 0 && h("ul", { class: "keys", "aria-hidden": "true" }, keys),
    canvas,
    below, rows);
  const drawn = new Drawn(canvas, given);
  const show = (asTable) => {
    canvas.hidden = below.hidden = asTable;
    figure.querySelector(".keys")?.toggleAttribute("hidden", asTable);
    rows.hidden = !asTable;
    toggle.setAttribute("aria-pressed", String(asTable));
    if (asTable) fill(rows, given.rows());
    else drawn.draw();
  };
  toggle.addEventListener("click", () => {
    const asTable = rows.hidden;
    keep({ [`${name}-as`]: asTable ? "table" : null });
    show(asTable);
  });
  if (query.get(`${name}-as`) === "table") show(true);
  const redraw = () => {
    drawn.draw();
    if (!rows.hidden) fill(rows, given.rows());
  };
  return { element: figure, redraw, update: (option) => drawn.update(option), chart: () => drawn.chart };
}

class Drawn {
  constructor(canvas, given) {
    this.canvas = canvas;
    this.given = given;
    this.chart = null;
    const observer = new ResizeObserver(() => this.fit());
    observer.observe(canvas);
    onThemeChange(() => this.draw(), given.signal);
    given.signal.addEventListener("abort", () => {
      observer.disconnect();
      this.chart?.dispose();
    });
  }

  fit() {
    if (this.canvas.clientWidth === 0) return;
    if (this.chart) {
      this.chart.resize();
      this.draw();
    } else this.begin();
  }

  begin() {
    this.chart = echarts.init(this.canvas, null, { renderer: "canvas" });
    this.hover();
    this.draw();
  }

  draw() {
    this.canvas.setAttribute("aria-label", this.given.label());
    if (!this.chart || this.chart.isDisposed()) return;
    const base = { animation: false, textStyle: { fontFamily: "Inter" }, backgroundColor: "transparent" };
    this.chart.setOption({ ...base, ...this.given.option(colours(), this.chart) }, { notMerge: true });
    this.given.onFit?.(this.chart);
  }

  update(option) {
    this.chart?.setOption(option, { lazyUpdate: true });
  }

  hover() {
    const { locate, tip, pick } = this.given;
    if (!locate) return;
    const card = h("div", { class: "tip", hidden: true });
    this.canvas.style.position = "relative";
    this.canvas.append(card);
    const zr = this.chart.getZr();
    let found = null;
    zr.on("mousemove", ({ offsetX, offsetY }) => {
      const next = locate(this.chart, offsetX, offsetY);
      if (next?.item !== found?.item) show(card, next, tip, this.canvas);
      found = next;
      zr.setCursorStyle(found && pick ? "pointer" : "default");
    });
    zr.on("globalout", () => { found = null; card.hidden = true; });
    zr.on("click", ({ offsetX, offsetY }) => {
      const hit = locate(this.chart, offsetX, offsetY);
      if (hit && pick) pick(hit.item);
    });
  }
}

function show(card, found, tip, canvas) {
  card.hidden = !found;
  if (!found) return;
  fill(card, tip(found.item));
  const [x, y] = found.at;
  const isRight = x > canvas.clientWidth / 2;
  Object.assign(card.style, {
    position: "absolute", zIndex: 5, pointerEvents: "none",
    left: isRight ? "auto" : `${x + 16}px`,
    right: isRight ? `${canvas.clientWidth - x + 16}px` : "auto",
    top: `${Math.max(0, Math.min(y - 20, canvas.clientHeight - card.offsetHeight))}px`,
  });
}

/** Of `points` with pixels {item, at}, the nearest to a pixel that is near enough. */
export function nearest(points, x, y, reach = 40) {
  let best = null;
  let least = reach;
  for (const each of points) {
    const distance = Math.hypot(each.at[0] - x, 0.6 * (each.at[1] - y));
    if (distance < least) [best, least] = [each, distance];
  }
  return best;
}

/** What a tip says: a heading and pairs. */
export function facts(title, pairs, text = null) {
  return [
    h("strong", {}, title),
    h("dl", { class: "pairs" }, pairs.filter(([, value]) => value !== null).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    text && h("p", {}, text),
  ];
}
