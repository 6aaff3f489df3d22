// The point of the curve that was picked: what it promises and what it is made of.

import { fill, h } from "../dom.js";
import { accuracy, AXES, interval, percent, signed } from "../format.js";
import { problemBox } from "./problem.js";
import { recipeOf } from "./recipe.js";

export class Pick {
  constructor(library, state, onAsk) {
    Object.assign(this, { library, state });
    this.body = h("div", { class: "stack tight" });
    this.refused = h("div");
    const button = h("button", { type: "button", class: "primary", onclick: () => onAsk(button) }, "Ask for this student");
    this.button = button;
    this.element = h("section", { class: "card pick", "aria-label": "The point that is picked" }, this.body, button, this.refused);
  }

  /** Nothing is picked for as long as the limit that was typed cannot be kept. */
  doubt() {
    this.button.disabled = true;
    fill(this.refused, h("p", { class: "small soft" }, "The limit that was typed has to be changed first."));
  }

  show() {
    this.button.disabled = false;
    const { curve, picked, candidates } = this.state;
    const { exact, name } = AXES[curve.axis];
    const { value } = picked.predicted_accuracy;
    const points = value - curve.teacher_accuracy.value;
    fill(this.refused);
    fill(this.body,
      h("div", {},
        h("p", { class: "small soft" }, "Predicted accuracy"),
        h("p", { class: "big" }, accuracy(value), " ", h("small", {}, signed(points), " points")),
        h("p", { class: "small soft" }, `90 % interval ${interval(picked.predicted_accuracy)}`)),
      h("div", {},
        h("p", { class: "small soft" }, name[0].toUpperCase() + name.slice(1)),
        h("p", {}, h("strong", {}, exact(picked.cost[curve.axis])), ` · ${percent(picked.share)} of the teacher’s`)),
      recipeOf(picked.choices, candidates));
  }

  refuse(error) {
    fill(this.refused, problemBox(error));
  }
}
