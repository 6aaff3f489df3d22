// Students in a list.

import { h } from "../dom.js";
import { accuracy, AXES, date, interval, percent, short } from "../format.js";
import { state } from "./page.js";
import { table } from "./table.js";

export function studentsTable(students, { alone = false } = {}) {
  return table([
    { name: "Student", head: true, of: (each) => called(each) },
    { name: "Strategy", of: (each) => each.strategy },
    { name: "Asked for", of: (each) => limitsText(each.budget) },
    { name: "Predicted", number: true, of: (each) => predicted(each) },
    { name: "Measured", number: true, of: (each) => measured(each) },
    { name: "Made", of: (each) => h("span", { class: "soft nowrap" }, date(each.created_at)) },
  ], students, { label: "Students", alone });
}

/** Its size, and the end of its id, by which those of equal size are told apart. */
function called(student) {
  const end = h("span", { class: "id" }, `…${student.id.slice(-6)}`);
  return [h("a", { class: "nowrap", href: `/students/${student.id}` }, title(student), h("span", { class: "unseen" }, ` of ${date(student.created_at)}, `), h("br"), end)];
}

/** The limits of a budget, which may be parted between two lines. */
const limitsText = (budget) => budgetText(budget).split(", ").map((each, place) => [place > 0 && ", ", h("span", { class: "nowrap" }, each)]);

/** A student by its size. */
export const title = (student) =>
  `${short(student.cost.parameters)} parameters, ${percent(student.cost.parameters / student.teacher_cost.parameters, 0)}`;

const LIMITS = ["parameters", "macs", "bytes", "activation_bytes", "latency_ms", "accuracy_drop"];

/** The limits of a budget in words. */
export function budgetText(budget) {
  const given = LIMITS.filter((axis) => budget[axis] !== null && budget[axis] !== undefined);
  const text = given.map((axis) => `${AXES[axis].name} ≤ ${typeof budget[axis] === "string" ? budget[axis] : AXES[axis].show(budget[axis])}`);
  return text.join(", ") + (budget.device ? ` on ${budget.device}` : "");
}

export const limitsOf = (budget) => LIMITS.filter((axis) => budget[axis] !== null && budget[axis] !== undefined);

function predicted({ predicted_accuracy: found }) {
  return [accuracy(found.value), h("br"), h("span", { class: "soft small" }, interval(found) ?? "")];
}

function measured({ measurement }) {
  if (!measurement) return h("span", { class: "soft" }, "not yet");
  if (!measurement.refitted) return state(measurement.state);
  const { value, standard_error: error } = measurement.refitted;
  return [accuracy(value), h("br"), h("span", { class: "soft small" }, `± ${error.toFixed(1)}`)];
}
