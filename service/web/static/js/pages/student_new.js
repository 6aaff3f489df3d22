// Asking for a student with several limits.

import { all, get, post } from "../api.js";
import { h } from "../dom.js";
import { choices, field, fields, form, group, input, select } from "../parts/form.js";
import { head } from "../parts/page.js";
import { go } from "../router.js";

const STRATEGIES = [
  ["exact", "Exact", "Proves its answer, or tells its gap."],
  ["greedy", "Greedy", "Exchanges where most cost is saved for each nat."],
  ["threshold", "Threshold", "The paper’s rule: everywhere the smallest candidate whose drop is below a common threshold."],
  ["optuna", "Optuna", "Proposes, within so many trials."],
  ["uniform", "Uniform", "One multiplier everywhere, the baseline."],
];
const LIMITS = ["parameters", "macs", "bytes", "activation_bytes", "latency_ms", "accuracy_drop"];

export async function page({ params, signal }) {
  const [library, found] = await Promise.all([get(`/v1/libraries/${params.id}`, { signal }), all("/v1/devices", { signal })]);
  const devices = found.filter((each) => each.libraries.includes(library.id));
  const limit = (name, label, hint) => field(label, input(name, { placeholder: "no limit" }), hint);
  return h("div", {},
    head({ crumbs: [["Library", `/libraries/${library.id}`]], title: "Ask for a student", lead: "Any mix of limits; each is a number or a share of the teacher, like 50%. With the accuracy drop alone the smallest such student is wanted." }),
    form("Ask for the student", [
      group("Limits",
        fields(limit("parameters", "Parameters"), limit("macs", "MACs, one image"), limit("bytes", "Bytes of the weights")),
        fields(limit("activation_bytes", "Bytes of activations"), limit("accuracy_drop", "Accuracy drop, points"), devices.length > 0 && limit("latency_ms", "Milliseconds")),
        devices.length > 0 && field("Device of the milliseconds", select("device", devices.map((each) => [each.id, each.name])))),
      choices("Strategy", "strategy", STRATEGIES, "exact"),
    ], (data) => send(library, data)));
}

async function send(library, data) {
  const student = await post("/v1/students", { library: library.id, budget: budgetOf(data), strategy: data.get("strategy") });
  go(`/students/${student.id}`);
}

function budgetOf(data) {
  const budget = {};
  for (const name of LIMITS) {
    const text = (data.get(name) ?? "").replaceAll(/[\s,]/g, "");
    if (text) budget[name] = text.endsWith("%") ? text : Number(text);
  }
  if (budget.latency_ms !== undefined) budget.device = data.get("device");
  return budget;
}
