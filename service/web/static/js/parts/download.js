// Downloads: a plain link, or with a token a request that carries it.

import { ask, token } from "../api.js";
import { h } from "../dom.js";
import { attempt } from "./ask.js";

/** A link that saves the file at `url`. */
export function downloadButton(url, name, { kind = "", below = null } = {}) {
  const link = h("a", { class: `button ${kind}`, href: url, download: "" }, name, below && h("span", { class: "soft small" }, below));
  link.addEventListener("click", (event) => {
    if (!token.get()) return;
    event.preventDefault();
    attempt(link, () => save(url));
  });
  return link;
}

async function save(url) {
  const answer = await ask(url);
  const named = /filename="?([^";]+)/.exec(answer.headers.get("content-disposition") ?? "");
  const address = URL.createObjectURL(await answer.blob());
  h("a", { href: address, download: named?.[1] ?? url.split("/").pop() }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
