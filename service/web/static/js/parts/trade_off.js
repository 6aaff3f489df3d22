// The trade-off of a library: curve, budget, the point that was picked, and the map that shows it.

import { all, get, post } from "../api.js";
import { curvePlot, pickedOption } from "../charts/curve.js";
import { heightOf, mapPlot, outlinedOption, SCORES } from "../charts/map.js";
import { knobsOf, knobsPlot } from "../charts/knobs.js";
import { fill, h } from "../dom.js";
import { AXES, plural } from "../format.js";
import { go, keep } from "../router.js";
import { Candidates } from "./candidates.js";
import { field, select } from "./form.js";
import { note } from "./page.js";
import { Pick } from "./pick.js";
import { problemBox } from "./problem.js";
import { recipeOf } from "./recipe.js";
import { Slider } from "./slider.js";
import { measuring } from "./survey.js";

const POINTS = 300;
const REST_MS = 90;

/** The sections of a ready library. */
export async function tradeOff(library, calibration, context) {
  const view = new View(library, context);
  await view.begin();
  return [view.curveSection(calibration), view.mapSection(), view.knobsSection()];
}

class View {
  constructor(library, { query, signal, reload }) {
    Object.assign(this, { library, query, signal, reload });
    const score = query.get("score");
    this.state = {
      axis: query.get("axis") ?? "parameters", device: query.get("device"), curve: null, picked: null,
      candidates: new Candidates(), score: score in SCORES ? score : "kl", knob: null, focus: query.get("focus"),
      accuracy: library.teacher_accuracy?.value ?? null,
    };
  }

  async begin() {
    const devices = await all("/v1/devices", { signal: this.signal });
    this.devices = devices.filter((each) => each.libraries.includes(this.library.id));
    this.state.curve = await this.fetchCurve();
    this.slider = new Slider(this.state, (point) => this.pick(point), () => this.panel.doubt());
    this.panel = new Pick(this.library, this.state, (button) => this.ask(this.state.picked, "curve", button));
    this.curve = curvePlot(this.state, {
      query: this.query, signal: this.signal, tools: [this.axisPicker()], below: [this.slider.element],
      onAsk: (point, kind) => this.ask(point, kind), onOpen: (point) => go(`/students/${point.student}`),
      recipe: (choices) => recipeOf(choices, this.state.candidates, { most: 9 }),
      onFit: () => this.slider.fit(),
    });
    this.pick(this.slider.nearestTo(Number(this.query.get("budget")) || null), { isKept: false });
    this.state.candidates.load(this.library.id, this.signal, () => this.onCandidates()).catch((error) => this.onRefused(error));
  }

  fetchCurve() {
    const { axis, device } = this.state;
    const where = device && axis === "latency_ms" ? `&device=${encodeURIComponent(device)}` : "";
    return get(`/v1/libraries/${this.library.id}/trade-off-curve?axis=${axis}&points=${POINTS}${where}`, { signal: this.signal });
  }

  pick(point, { isKept = true } = {}) {
    this.state.picked = point;
    this.panel.show();
    this.slider.show();
    this.curve?.update(pickedOption(this.state));
    if (this.state.candidates.complete && this.map) this.outlineSoon();
    if (isKept) keep({ budget: point.cost[this.state.axis] });
  }

  /** A large map takes longer to draw than a slider takes to move: it follows once that rests. */
  outlineSoon() {
    clearTimeout(this.outlining);
    this.outlining = setTimeout(() => this.signal.aborted || this.map.update(outlinedOption(this.state)), REST_MS);
  }

  async ask(point, kind, button = null) {
    const strategy = kind === "uniform" ? "uniform" : "exact";
    try {
      if (button) button.disabled = true;
      const student = await post("/v1/students", { library: this.library.id, budget: point.budget, strategy });
      go(`/students/${student.id}`);
    } catch (error) {
      this.panel.refuse(error);
    } finally {
      if (button) button.disabled = false;
    }
  }

  curveSection(calibration) {
    return h("div", { class: "split" },
      h("section", { class: "card" }, this.curve.element, trust(this.library, calibration)),
      h("div", { class: "stack" }, this.panel.element, measuring(this.library, this.signal, () => this.reload())));
  }

  mapSection() {
    const chosen = select("score", Object.entries(SCORES).map(([key, { name }]) => [key, name]), this.state.score);
    chosen.addEventListener("change", () => {
      this.state.score = chosen.value;
      keep({ score: chosen.value });
      this.map.redraw();
    });
    this.map = mapPlot(this.state, { query: this.query, signal: this.signal, tools: [picker("Colour", chosen)] });
    this.mapCard = h("section", { class: "card" }, h("p", { class: "loading" }, "Loading the candidates…"));
    return this.mapCard;
  }

  knobsSection() {
    this.knobsCard = h("section", { class: "card", hidden: true });
    return this.knobsCard;
  }

  /** Candidates came in: the map shows them as soon as all are there, with a count until then. */
  onCandidates() {
    const { candidates } = this.state;
    if (!candidates.complete) {
      fill(this.mapCard, h("p", { class: "loading" }, `Loading the candidates: ${candidates.items.length} of ${this.library.progress.total}…`));
      return;
    }
    this.panel.show();
    this.map.element.querySelector(".plot").style.height = `${heightOf(this.state)}px`;
    fill(this.mapCard, this.map.element);
    this.map.redraw();
    this.showKnobs();
  }

  onRefused(error) {
    if (!this.signal.aborted) fill(this.mapCard, problemBox(error));
  }

  showKnobs() {
    const knobs = knobsOf(this.state.candidates);
    if (knobs.length === 0) return;
    this.state.knob = knobs.find((each) => each.key === this.query.get("knob")) ?? knobs[0];
    const which = select("knob", knobs.map(({ key, kind, knob }) => [key, `${kind}: ${knob}`]), this.state.knob.key);
    const focus = select("focus", [["", "all, none in front"], ...this.state.candidates.rows.map((name) => [name, name])], this.state.focus ?? "");
    const tools = [knobs.length > 1 && picker("Knob", which), picker("In front", focus)];
    const drawn = knobsPlot(this.state, { query: this.query, signal: this.signal, tools });
    which.addEventListener("change", () => {
      this.state.knob = knobs.find((each) => each.key === which.value);
      keep({ knob: which.value });
      drawn.redraw();
    });
    focus.addEventListener("change", () => {
      this.state.focus = focus.value || null;
      keep({ focus: focus.value });
      drawn.redraw();
    });
    this.knobsCard.hidden = false;
    fill(this.knobsCard, drawn.element);
  }

  axisPicker() {
    const { axis, device } = this.state;
    const options = ["parameters", "macs", "bytes"].map((name) => [name, AXES[name].title]);
    options.push(...this.devices.map((each) => [`latency_ms ${each.id}`, `Latency on ${each.name}`]));
    const chosen = select("axis", options, axis === "latency_ms" ? `latency_ms ${device}` : axis);
    chosen.addEventListener("change", () => this.changeAxis(...chosen.value.split(" ")));
    return picker("Cost", chosen);
  }

  async changeAxis(axis, device = null) {
    const share = this.state.picked.share;
    Object.assign(this.state, { axis, device });
    keep({ axis, device });
    this.state.curve = await this.fetchCurve();
    this.curve.redraw();
    this.slider.measure();
    this.pick(this.slider.nearestTo(share * this.state.curve.teacher_cost[axis]));
  }
}

function picker(label, control) {
  const name = field(label, control).querySelector("label");
  return h("span", { class: "picker" }, name, control);
}

function trust(library, calibration) {
  const { num_predicted: total, num_inside: inside } = calibration.from_others;
  if (total === 0) return null;
  return note([`Of ${plural(total, "measured student")}, ${inside} lie inside the 90 % interval that the others foretell. `, h("a", { href: `/libraries/${library.id}/calibration` }, "See each of them"), "."]);
}
