// The budget slider: as wide as the plot above it, on the same logarithmic scale, and it snaps to
// the points of the curve.

import { domain, GRID } from "../charts/curve.js";
import { h, uniqueId } from "../dom.js";
import { accuracy, AXES, percent } from "../format.js";

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };

export class Slider {
  /** `onPick(point)` is called with the point of the curve that the slider moves to. */
  constructor(state, onPick) {
    Object.assign(this, { state, onPick });
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
    const text = this.exact.value.replaceAll(",", "").trim();
    const share = /^([\d.]+)\s*%$/.exec(text);
    const whole = this.state.curve.teacher_cost[this.state.curve.axis];
    const limit = share ? (Number(share[1]) / 100) * whole : Number(text);
    const isUsable = limit > 0;
    this.exact.setAttribute("aria-invalid", String(!isUsable));
    if (isUsable) this.onPick(this.nearestTo(limit));
  }

  /** Stand at the point that was picked; while it is dragged the thumb stays under the hand. */
  show() {
    const { curve, picked } = this.state;
    const { exact, name } = AXES[curve.axis];
    const cost = this.cost(picked);
    if (!this.input.matches(":active")) this.input.value = Math.log10(cost);
    this.exact.value = exact(cost).replace(/\s/g, " ");
    this.input.setAttribute("aria-valuetext", `${exact(cost)} ${name}, ${percent(picked.share)} of the teacher, ${accuracy(picked.predicted_accuracy.value)} predicted`);
  }
}
