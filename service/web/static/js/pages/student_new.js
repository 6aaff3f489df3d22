// Asking for a student with several limits.

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { budgetGiven, devicesOf, limits } from "../parts/budget.js";
import { choices, form } from "../parts/form.js";
import { head } from "../parts/page.js";
import { go } from "../router.js";

const STRATEGIES = [
  ["exact", "Exact", "Proves its answer, or tells its gap."],
  ["greedy", "Greedy", "Exchanges where most cost is saved for each nat."],
  ["threshold", "Threshold", "The paper’s rule: everywhere the smallest candidate whose drop is below a common threshold."],
  ["optuna", "Optuna", "Proposes, within so many trials."],
  ["uniform", "Uniform", "One multiplier everywhere, the baseline."],
];

export async function page({ params, signal }) {
  const library = await get(`/v1/libraries/${params.id}`, { signal });
  const devices = await devicesOf(library, signal);
  return h("div", {},
    head({ crumbs: [["Library", `/libraries/${library.id}`]], title: "Ask for a student", lead: "Any mix of limits; each is a number or a share of the teacher, like 50%. With the accuracy drop alone the smallest such student is wanted." }),
    form("Ask for the student", [limits(devices), choices("Strategy", "strategy", STRATEGIES, "exact")], (data) => send(library, data)));
}

async function send(library, data) {
  const student = await post("/v1/students", { library: library.id, budget: budgetGiven(data), strategy: data.get("strategy") });
  go(`/students/${student.id}`);
}
