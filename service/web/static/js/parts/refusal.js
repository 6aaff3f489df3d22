// What a form says of why it was refused, in the words of its own fields.

import { Problem } from "../api.js";
import { h } from "../dom.js";
import { fieldNamed, labelOf, mark, Misread } from "./marks.js";
import { problemBox } from "./problem.js";

const PLACED = /^((?:body|recipe)[\w.]*): (.+)$/s; // how a problem without a list names its place

/** Marks the fields that are meant; gives what is to be shown beside the form's button. */
export function refusal(form, error, places = {}) {
  const { faults, others } = error instanceof Misread ? { faults: error.faults, others: [] } : sorted(form, error, places);
  const names = Object.keys(faults);
  if (names.length + others.length === 0) return problemBox(error);
  mark(form, faults);
  const lines = [...names.map((each) => `${labelOf(fieldNamed(form, each))}: ${faults[each]}`), ...others];
  return h("div", { class: "problem", role: "alert" },
    h("h3", {}, error.document?.title ?? "Nothing was sent"),
    lines.length === 1 ? h("p", {}, lines[0]) : h("ul", {}, lines.map((each) => h("li", {}, each))));
}

/** The service's sentences, by field where a place names one. */
function sorted(form, error, places) {
  const faults = {};
  const others = [];
  for (const { where, message } of entries(error)) {
    const path = where.split(".").filter((each) => !["body", "recipe"].includes(each));
    const name = nameOf(form, path, places);
    if (name) faults[name] ??= sentence(message);
    else others.push(sentence([...path.slice(-1), message].join(": ")));
  }
  return { faults, others };
}

function entries(error) {
  if (!(error instanceof Problem)) return [];
  if (Array.isArray(error.document.errors)) return error.document.errors;
  const [, where, message] = PLACED.exec(error.document.detail) ?? [];
  return where ? [{ where, message }] : [];
}

/** The field that holds what lies at a path: the longest that `places` knows, or its own last name. */
function nameOf(form, path, places) {
  for (let length = path.length; length > 0; length -= 1) {
    const name = places[path.slice(0, length).join(".")] ?? path[length - 1];
    if (fieldNamed(form, name)) return name;
  }
  return null;
}

function sentence(text) {
  const whole = text[0].toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
