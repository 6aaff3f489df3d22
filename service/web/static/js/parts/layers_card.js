// The layers of a student beside its teacher's.

import { get } from "../api.js";
import { profilePlot } from "../charts/profile.js";
import { fill, h } from "../dom.js";
import { layersOf, paired } from "./layers.js";
import { problemBox } from "./problem.js";

export function layersCard(student, teacher, { query, signal }) {
  const body = h("section", { class: "card" }, h("p", { class: "loading" }, "Reading the layers from the files…"));
  load(student, teacher, signal).then(
    (pairs) => fill(body, profilePlot(pairs, { query, signal }).element),
    (error) => signal.aborted || fill(body, h("h2", {}, "Layers"), problemBox(error)),
  );
  return body;
}

async function load(student, teacher, signal) {
  const [own, whole, { items }] = await Promise.all([
    layersOf(student.checkpoint.url, signal),
    layersOf(teacher.network.url, signal),
    get(`/v1/libraries/${student.library}/neighbourhoods`, { signal }),
  ]);
  const zeros = sparsities(student, items);
  return paired(whole, own).map((each) => ({ ...each, sparsity: each.student ? zeros.get(each.name) ?? null : null }));
}

/** The share of zeros that the chosen candidates have, by module. */
function sparsities(student, neighbourhoods) {
  const modules = new Map(neighbourhoods.map((each) => [each.name, each.modules]));
  const found = new Map();
  for (const { neighbourhood, knobs } of student.selection) {
    if (typeof knobs.sparsity !== "number") continue;
    for (const module of modules.get(neighbourhood) ?? []) found.set(module, knobs.sparsity);
  }
  return found;
}
