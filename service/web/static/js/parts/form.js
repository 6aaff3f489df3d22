// Forms: labelled fields, and sending them.

import { announce, fill, h, uniqueId } from "../dom.js";
import { unmark } from "./marks.js";
import { note } from "./page.js";
import { refusal } from "./refusal.js";
import { Sending } from "./sending.js";

const STOPPED = "Sending was stopped. What has arrived is kept for a while: send the form again, and only the rest follows.";

/** A labelled control; `hint` is read with it. */
export function field(label, control, hint = null) {
  control.id ||= uniqueId("f");
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return h("div", { class: "field" },
    h("label", { for: control.id }, label),
    control,
    hint && h("p", { class: "hint", id: `${control.id}-hint` }, hint));
}

export const input = (name, attributes = {}) => h("input", { name, autocomplete: "off", ...attributes });

export function select(name, options, chosen = null, attributes = {}) {
  return h("select", { name, ...attributes }, options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
}

/** One of several, each with a word on it. */
export function choices(legend, name, options, chosen, onchange = () => {}) {
  return h("fieldset", {}, h("legend", {}, legend), options.map(([value, text, hint]) => {
    const id = uniqueId("c");
    return h("div", { class: "choice" },
      h("input", { type: "radio", id, name, value, checked: value === chosen, onchange, "aria-describedby": hint ? `${id}-hint` : null }),
      h("label", { for: id }, text),
      hint && h("span", { class: "hint soft small", id: `${id}-hint` }, hint));
  }));
}

export const group = (legend, ...children) => h("fieldset", {}, h("legend", {}, legend), ...children);

export const fields = (...children) => h("div", { class: "fields" }, ...children);

/**
 * A form; `send(data, sending)` may send a file by `sending`, and take a while. `left` aborts when
 * its page is left. `places` are names of fields by what the service calls them, where that differs.
 */
export function form(verb, children, send, { left = null, places = {} } = {}) {
  const button = h("button", { class: "primary" }, verb);
  const sending = new Sending(left);
  const refused = h("div");
  const submit = async (event) => {
    event.preventDefault();
    fill(refused);
    unmark(event.target);
    button.disabled = true;
    try {
      await send(new FormData(event.target), sending);
    } catch (error) {
      fill(refused, error.name === "AbortError" ? note(STOPPED) : refusal(event.target, error, places));
      announce(refused.textContent);
      if (!event.target.querySelector("[aria-invalid=true]")) refused.firstElementChild.scrollIntoView({ block: "nearest" });
    } finally {
      button.disabled = false;
    }
  };
  return h("form", { class: "form", onsubmit: submit }, children, refused, sending.element, h("div", { class: "row" }, button));
}
