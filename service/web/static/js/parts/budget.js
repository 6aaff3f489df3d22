// Limits on what a student may cost, as fields of a form.

import { all } from "../api.js";
import { amount, share } from "./amounts.js";
import { field, fields, group, input, select } from "./form.js";
import { Misread } from "./marks.js";

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

/** The budget that such fields tell; empty without any limit. Throws Misread. */
export function budgetOf(data) {
  const typed = LIMITS.map((name) => [name, (data.get(name) ?? "").trim()]).filter(([, text]) => text);
  const read = typed.map(([name, text]) => [name, limitOf(name, text), text]);
  const unclear = read.filter(([, limit]) => limit === null);
  if (unclear.length > 0) throw new Misread(Object.fromEntries(unclear.map(([name, , text]) => [name, `“${text}” is no such limit. ${WRITE[name] ?? WRITE.other}`])));
  const budget = Object.fromEntries(read);
  return budget.latency_ms === undefined ? budget : { ...budget, device: data.get("device") };
}

/** The same, of which at least one limit is needed. */
export function budgetGiven(data) {
  const budget = budgetOf(data);
  if (Object.keys(budget).length === 0) throw new Misread({ parameters: "Give at least one limit, such as 20,000 or 50% here." });
  return budget;
}

const WRITE = {
  accuracy_drop: "Write points from 0 to 100, such as 0.5.",
  latency_ms: "Write a number above 0, such as 12.5, or a share of the teacher, such as 50%.",
  other: "Write a whole number above 0, such as 20,000 or 20k, or a share of the teacher, such as 50%.",
};

/** A number or a share; null for what is none. */
function limitOf(name, text) {
  const number = amount(text);
  if (name === "accuracy_drop") return number !== null && number <= 100 ? number : null;
  const isUsable = number > 0 && (name === "latency_ms" || Number.isSafeInteger(number));
  return isUsable ? number : share(text);
}
