// Asking before what cannot be undone, and showing what was refused.

import { announce, h, uniqueId } from "../dom.js";
import { remove } from "../api.js";
import { go } from "../router.js";
import { problemBox } from "./problem.js";

/** True once the person agrees. */
export function confirmed(title, text, verb) {
  return new Promise((resolve) => {
    const id = uniqueId("ask");
    const dialog = h("dialog", { "aria-labelledby": id },
      h("form", { method: "dialog" },
        h("h2", { id }, title),
        h("p", {}, text),
        h("div", { class: "row" },
          h("button", { value: "no" }, "Keep it"),
          h("button", { value: "yes", class: "danger" }, verb))));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Do it with the button held down; what was refused appears under it. */
export async function attempt(button, action) {
  button.parentElement.querySelector(":scope > .problem")?.remove();
  button.disabled = true;
  try {
    return await action();
  } catch (error) {
    button.after(problemBox(error));
    announce(error.message);
    return null;
  } finally {
    button.disabled = false;
  }
}

/** A button that deletes a resource after asking, then goes to `after`. */
export function deleting(path, what, after) {
  const button = h("button", { type: "button", class: "danger" }, "Delete");
  button.addEventListener("click", async () => {
    if (!(await confirmed(`Delete ${what}?`, "It cannot be brought back.", "Delete"))) return;
    await attempt(button, async () => {
      await remove(path);
      go(after);
    });
  });
  return button;
}
