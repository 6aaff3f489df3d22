// What pages begin with and what they are made of.

import { h } from "../dom.js";

/** Heading of a page: where it stands, its name, a word on it and what can be done. */
export function head({ crumbs = [], title, beside = null, lead = null, actions = [] }) {
  return h("div", { class: "head" },
    h("div", { class: "head-text" },
      crumbs.length > 0 && h("nav", { class: "crumbs", "aria-label": "Where this is" }, crumbs.map(([name, href]) => h("a", { href }, name))),
      h("div", { class: "title" }, h("h1", {}, title), beside),
      lead && h("p", {}, lead)),
    h("div", { class: "row" }, actions));
}

/** A titled part of a page. */
export function card(title, { lead = null, tools = null } = {}, ...children) {
  return h("section", { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, title), tools, lead && h("p", {}, lead)),
    ...children);
}

/** Names and values; a value may have a smaller second line. Those without a value are left out. */
export function facts(entries) {
  const known = entries.filter(([, value]) => value !== null && value !== undefined);
  const isEven = known.length === 4 || known.length > 6; // else one would stand alone in a second row
  return h("dl", { class: isEven ? "facts even" : "facts" }, known.map(([name, value, below]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value, below && h("small", {}, below)))));
}

/** A word on why there is nothing, and the next step. */
export function empty(title, text, ...actions) {
  return h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text), actions.length > 0 && h("div", { class: "row" }, actions));
}

/** State as a word with a mark that differs in shape too. */
export const state = (name) => h("span", { class: `state ${name}` }, name);

/** A share as a bar with its number. */
export function share(value, text) {
  return h("span", { class: "share" }, h("meter", { min: 0, max: 1, value, "aria-hidden": "true" }), h("span", {}, text));
}

export const note = (text, warn = false) => text && h("p", { class: warn ? "note warn" : "note" }, text);

export const button = (name, onclick, kind = null) => h("button", { type: "button", class: kind, onclick }, name);

export const link = (name, href, kind = null) => h("a", { href, class: kind === null ? null : `button ${kind}` }, name);
