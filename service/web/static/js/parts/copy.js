// Commands to be copied.

import { announce, h } from "../dom.js";

/** A block of commands with a button that copies them. */
export function command(text, label = "Command") {
  const button = h("button", { type: "button", "aria-label": `Copy: ${label}` }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    announce("Copied.");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  return h("div", { class: "command" }, h("pre", { tabindex: 0, role: "region", "aria-label": label }, h("code", {}, text)), button);
}
