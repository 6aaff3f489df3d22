// What a selection is made of: a bar for each neighbourhood, as long as what is kept of its cost.

import { h } from "../dom.js";
import { candidateName, plural } from "../format.js";

/** `choices` are ids of candidates; those beyond `most` are counted only. */
export function recipeOf(choices, candidates, { most = Infinity } = {}) {
  if (!candidates.complete) return h("p", { class: "small soft" }, "The recipe is being loaded…");
  const chosen = choices.map((id) => candidates.byId.get(id)).filter(Boolean);
  const whole = wholes(candidates);
  const rows = chosen.slice(0, most).map((each) => [
    h("dt", { title: each.neighbourhood }, each.neighbourhood),
    h("dd", { "aria-hidden": "true" }, h("meter", { min: 0, max: 1, value: each.cost.parameters / whole.get(each.neighbourhood) })),
    h("dd", {}, candidateName(each)),
  ]);
  return [
    h("dl", { class: "recipe", tabindex: most === Infinity ? 0 : null, "aria-label": "Recipe" }, rows),
    chosen.length > most && h("p", { class: "small" }, `and ${plural(chosen.length - most, "more neighbourhood", "more neighbourhoods")}`),
  ];
}

const cache = new WeakMap();

/** The greatest cost of each neighbourhood's candidates: the teacher's own is among them. */
function wholes(candidates) {
  if (!cache.has(candidates)) {
    const found = new Map();
    for (const { neighbourhood, cost } of candidates.items) found.set(neighbourhood, Math.max(found.get(neighbourhood) ?? 1, cost.parameters));
    cache.set(candidates, found);
  }
  return cache.get(candidates);
}
