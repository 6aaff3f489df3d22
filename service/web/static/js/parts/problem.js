// What went wrong, and what to do next.

import { Problem, token } from "../api.js";
import { h, uniqueId } from "../dom.js";

/** A page in place of the one that could not be shown. */
export function problemCard(error, again) {
  return h("div", { class: "stack" },
    h("h1", {}, error.document?.title ?? "This page failed"),
    problemBox(error, { titled: false }),
    h("div", { class: "row" },
      again && h("button", { type: "button", class: "primary", onclick: () => again() }, "Try again"),
      h("a", { class: "button", href: "/" }, "Back to the teachers")));
}

/** The sentence of a problem, with its request's id where the service failed; other errors are these pages' own. */
export function problemBox(error, { titled = true } = {}) {
  const document = error instanceof Problem ? error.document : own(error);
  return h("div", { class: "problem", role: "alert" },
    titled && h("h3", {}, document.title),
    h("p", {}, document.detail),
    list(document.errors),
    error.requestId && document.status >= 500 && h("p", { class: "small" }, "Request ", h("code", {}, error.requestId), ", under which the service’s log tells more."));
}

/** A problem that a job or a resource keeps. */
export const keptProblem = (document) => problemBox(new Problem(document));

/** A form for the token that the service asks for. */
export function signIn(error, again) {
  const id = uniqueId("token");
  const input = h("input", { id, type: "password", autocomplete: "off", required: true, "aria-describedby": `${id}-hint` });
  const submit = (event) => {
    event.preventDefault();
    token.set(input.value.trim());
    again();
  };
  return h("form", { class: "form", onsubmit: submit },
    h("h1", {}, "Sign in"),
    problemBox(error),
    h("div", { class: "field" },
      h("label", { for: id }, "Token"),
      input,
      h("p", { class: "hint", id: `${id}-hint` }, "Kept in this tab until it is closed, and sent to this service only.")),
    h("div", { class: "row" }, h("button", { class: "primary" }, "Sign in")));
}

function list(errors) {
  if (!Array.isArray(errors) || errors.length < 2) return null;
  return h("ul", {}, errors.map(({ where, message }) => h("li", {}, h("code", {}, where), ` ${message}`)));
}

function own(error) {
  console.error(error);
  return { title: "These pages failed", detail: `${error.message}. Reload the page, and report it if it stays.` };
}
