// What was predicted of a student beside what was measured.

import { accuraciesPlot, withInterval } from "../charts/accuracies.js";
import { h } from "../dom.js";
import { note } from "./page.js";

export function accuraciesCard(student, { query, signal }) {
  const agreement = student.labels_from === "teacher" ? note("There were no labels: accuracy is agreement with the teacher.") : null;
  return h("section", { class: "card" }, accuraciesPlot(entries(student), { query, signal }).element, agreement, verdict(student));
}

function entries({ measurement, predicted_accuracy: predicted }) {
  const found = [{ name: "predicted", colour: "sky", from: "foretold from the scores of its parts", ...predicted }];
  if (!measurement?.refitted) return found;
  const measured = (name, colour, estimate, from) => ({ name, colour, from, ...withInterval(estimate) });
  return [
    ...found,
    measured("measured, refitted", "blue", measurement.refitted, "the refitted file on the reporting images"),
    measured("measured, assembled", "green", measurement.assembled, "the parts as they were put together"),
    measured("teacher", "soft", measurement.teacher, "the teacher on the same images"),
  ];
}

function verdict({ measurement, predicted_accuracy: { low, high } }) {
  if (!measurement?.refitted || low === undefined) return measurement ? null : h("p", { class: "soft small" }, "Not measured yet: press “Measure it”.");
  const { value } = measurement.refitted;
  return note(value >= low && value <= high ? "The measured accuracy lies inside the interval that was predicted." : "The measured accuracy lies outside the interval that was predicted; one in ten should.", value < low);
}
