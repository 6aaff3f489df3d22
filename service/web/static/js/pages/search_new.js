// Beginning a measured search.

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { budgetGiven, devicesOf, limits } from "../parts/budget.js";
import { choices, field, fields, form, group, input } from "../parts/form.js";
import { head } from "../parts/page.js";
import { go } from "../router.js";

const SAMPLERS = [
  ["tpe", "TPE", "Learns where good students lie; the default."],
  ["nsga2", "NSGA-II", "Crosses good students with each other."],
];

export async function page({ params, signal }) {
  const library = await get(`/v1/libraries/${params.id}`, { signal });
  const devices = await devicesOf(library, signal);
  const number = (name, label, least, most, value, hint) => field(label, input(name, { type: "number", min: least, max: most, value, required: true }), hint);
  return h("div", {},
    head({ crumbs: [["Library", `/libraries/${library.id}`]], title: "Search by measuring", lead: "A job begins with what the exact strategy finds best, then makes, refits and measures what Optuna proposes, and ends in the student that measured best. It takes as long as its trials." }),
    form("Begin the search", [
      limits(devices, { begin: { parameters: "50%" }, without: ["accuracy_drop"] }),
      group("Effort", fields(
        number("trials", "Trials", 1, 1000, 30, "Distinct students to measure."),
        number("refit_steps", "Gradient steps of each refit", 0, 10_000, 0, "For each neighbourhood; 0 is the closed form alone."),
        number("seed", "Seed", 0, 2 ** 32 - 1, 0))),
      choices("How Optuna proposes", "sampler", SAMPLERS, "tpe"),
    ], (data) => send(library, data)));
}

async function send(library, data) {
  const [trials, refit_steps, seed] = ["trials", "refit_steps", "seed"].map((name) => Number(data.get(name)));
  const search = await post(`/v1/libraries/${library.id}/searches`, { budget: budgetGiven(data), trials, refit_steps, seed, sampler: data.get("sampler") });
  go(`/searches/${search.id}`);
}
