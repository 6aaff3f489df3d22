// Fields that cannot be taken as they are, marked where they stand.

import { h } from "../dom.js";

/** What is wrong with fields of a form: a sentence by each one's name. Nothing was sent. */
export class Misread extends Error {
  constructor(faults) {
    super("Nothing was sent.");
    this.faults = faults;
  }
}

/** Put each sentence under its field, and go to the first one. */
export function mark(form, faults) {
  const controls = Object.entries(faults).map(([name, text]) => marked(fieldNamed(form, name), text));
  controls[0]?.closest("details")?.setAttribute("open", "");
  controls[0]?.focus();
}

/** Take all sentences away. */
export function unmark(form) {
  for (const control of form.querySelectorAll("[aria-invalid=true]")) clear(control);
}

/** The control of this name that is shown in a field of its own, or null. */
export function fieldNamed(form, name) {
  const control = form.elements.namedItem(name);
  return control instanceof Element && control.closest(".field") && !control.closest("[hidden]") ? control : null;
}

/** What is written on a control. */
export const labelOf = (control) => control.labels[0].textContent;

/** Put a sentence under a control, or take it away again if there is none. */
export function marked(control, text) {
  clear(control);
  if (!text) return control;
  const id = `${control.id}-fault`;
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", [control.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
  control.after(h("p", { class: "fault", id }, text));
  control.addEventListener("input", () => clear(control), { once: true });
  return control;
}

function clear(control) {
  const id = `${control.id}-fault`;
  const others = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== id);
  document.getElementById(id)?.remove();
  control.removeAttribute("aria-invalid");
  if (others.length > 0) control.setAttribute("aria-describedby", others.join(" "));
  else control.removeAttribute("aria-describedby");
}
