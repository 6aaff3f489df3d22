// Limits on what a student may cost, as fields of a form.

import { all } from "../api.js";
import { field, fields, group, input, select } from "./form.js";

const LIMITS = ["parameters", "macs", "bytes", "activation_bytes", "accuracy_drop", "latency_ms"];
const LABELS = {
  parameters: "Parameters", macs: "MACs, one image", bytes: "Bytes of the weights",
  activation_bytes: "Bytes of activations", accuracy_drop: "Accuracy drop, points", latency_ms: "Milliseconds",
};

/** Devices on which a library was measured. */
export async function devicesOf(library, signal) {
  const found = await all("/v1/devices", { signal });
  return found.filter((each) => each.libraries.includes(library.id));
}

/** One field for each limit; `begin` are values to begin with, `without` limits that make no sense. */
export function limits(devices, { legend = "Limits", begin = {}, without = [] } = {}) {
  const shown = LIMITS.filter((name) => !without.includes(name) && (name !== "latency_ms" || devices.length > 0));
  const each = shown.map((name) => field(LABELS[name], input(name, { placeholder: "no limit", value: begin[name] ?? "" })));
  return group(legend, fields(each.slice(0, 3)), fields(each.slice(3)),
    devices.length > 0 && field("Device of the milliseconds", select("device", devices.map((one) => [one.id, one.name]))));
}

/** The budget that such fields tell; empty without any limit. */
export function budgetOf(data) {
  const budget = {};
  for (const name of LIMITS) {
    const text = (data.get(name) ?? "").replaceAll(/[\s,]/g, "");
    if (text) budget[name] = text.endsWith("%") ? text : Number(text);
  }
  if (budget.latency_ms !== undefined) budget.device = data.get("device");
  return budget;
}
