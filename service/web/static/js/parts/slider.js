// The budget slider: as wide as the plot above it, on the same logarithmic scale, and it snaps to
// the points of the curve.

import { domain, GRID } from "../charts/curve.js";
import { h, uniqueId } from "../dom.js";
import { accuracy, AXES, percent } from "../format.js";
import { amount, share } from "./amounts.js";
import { marked } from "./marks.js";

const UNITS = { bytes: "B", latency_ms: "ms" };
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };

export class Slider {
  /**
   * `onPick(point)` is called with the point of the curve that the slider moves to, `onDoubt()` when
   * a limit was typed that no point keeps.
   */
  constructor(state, onPick, onDoubt) {
    Object.assign(this, { state, onPick, onDoubt });
    const id = uniqueId("budget");
    this.input = h("input", { type: "range", id, step: "any", oninput: () => this.slide(), onchange: () => this.show(), onkeydown: (event) => this.step(event) });
    this.exact = h("input", { type: "text", inputmode: "decimal", id: `${id}-exact`, size: 12, onchange: () => this.type() });
    this.label = h("label", { for: id, class: "small soft" });
    this.element = h("div", { class: "slider" },
      this.input,
      h("div", { class: "row" }, this.label, h("span", { class: "picker push" }, h("label", { for: `${id}-exact` }, "or a limit, like 50%"), this.exact)));
    this.measure();
  }

  /** Follow the curve's own range. */
  measure() {
    const { curve } = this.state;
    const [low, high] = domain(curve);
    Object.assign(this.input, { min: low, max: high });
    this.label.textContent = `Budget: ${AXES[curve.axis].name} at most`;
    this.fit();
  }

  /** Lie exactly under the plot; a thumb's middle stops half its width before each end. */
  fit() {
    Object.assign(this.input.style, { marginLeft: `${GRID.left - 8}px`, width: `calc(100% - ${GRID.left + GRID.right - 16}px)` });
  }

  cost(point) {
    return point.cost[this.state.curve.axis];
  }

  /** The costliest point within a budget, else the cheapest; without a budget that nearest half. */
  nearestTo(budget) {
    const { points, teacher_cost: whole, axis } = this.state.curve;
    const limit = budget ?? whole[axis] / 2;
    return points.findLast((each) => this.cost(each) <= limit * (1 + 1e-9)) ?? points[0];
  }

  slide() {
    const point = this.nearestTo(10 ** Number(this.input.value));
    if (point !== this.state.picked) this.onPick(point, { isSliding: true });
  }

  step(event) {
    const by = STEPS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const { points } = this.state.curve;
    const next = points.indexOf(this.state.picked) + by;
    this.onPick(points[Math.min(Math.max(next, 0), points.length - 1)]);
  }

  type() {
    const limit = this.limit();
    const fault = limit > 0 ? this.tooSmall(limit) : `“${this.exact.value}” is no limit. Write a number, such as 20,000 or 20k, or a share of the teacher, such as 50%.`;
    marked(this.exact, fault);
    if (fault) this.onDoubt();
    else this.onPick(this.nearestTo(limit));
  }

  /** What was typed in the curve's own unit; null for what is no limit. */
  limit() {
    const { teacher_cost: whole, axis } = this.state.curve;
    const part = share(this.exact.value);
    return part ? (parseFloat(part) / 100) * whole[axis] : amount(this.exact.value, UNITS[axis]);
  }

  /** A sentence for a limit that even the smallest student breaks. */
  tooSmall(limit) {
    const { points: [smallest], teacher_cost: whole, axis } = this.state.curve;
    const least = this.cost(smallest);
    if (limit * (1 + 1e-9) >= least) return null;
    const { exact, name } = AXES[axis];
    const told = axis in UNITS ? exact(least) : `${exact(least)} ${name}`;
    return `No student is that ${axis === "latency_ms" ? "fast: the fastest takes" : "small: the smallest has"} ${told} (${percent(least / whole[axis], 0)}).`;
  }

  /** Stand at the point that was picked; while it is dragged the thumb stays under the hand. */
  show() {
    const { curve, picked } = this.state;
    const { exact, name } = AXES[curve.axis];
    const cost = this.cost(picked);
    if (!this.input.matches(":active")) this.input.value = Math.log10(cost);
    this.exact.value = exact(cost).replace(/\s/g, " ");
    marked(this.exact, null);
    this.input.setAttribute("aria-valuetext", `${exact(cost)} ${name}, ${percent(picked.share)} of the teacher, ${accuracy(picked.predicted_accuracy.value)} predicted`);
  }
}
