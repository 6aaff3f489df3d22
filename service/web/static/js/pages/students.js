// Students, of all libraries or of one.

import { get } from "../api.js";
import { h } from "../dom.js";
import { empty, head, link } from "../parts/page.js";
import { attempt } from "../parts/ask.js";
import { studentsTable } from "../parts/students.js";

export async function page({ query, signal }) {
  const of = query.get("library");
  const path = `/v1/students?limit=100${of ? `&library=${of}` : ""}`;
  const first = await get(path, { signal });
  const crumbs = of ? [["Library", `/libraries/${of}`]] : [];
  if (first.items.length === 0) {
    return h("div", { class: "stack" }, head({ crumbs, title: "Students" }),
      empty("No student yet", "Open a library that is ready and click a point of its trade-off curve.", link("Libraries", "/libraries", "primary")));
  }
  const box = h("div", { class: "stack" }, studentsTable(first.items, { alone: true }));
  return h("div", { class: "stack" },
    head({ crumbs, title: "Students", lead: "Newest first. A student never changes once it is made." }), box, first.next && further(box, path, first.next));
}

function further(box, path, next) {
  const button = h("button", { type: "button" }, "Show older ones");
  let cursor = next;
  button.addEventListener("click", () => attempt(button, async () => {
    const page = await get(`${path}&cursor=${encodeURIComponent(cursor)}`);
    box.append(studentsTable(page.items, { alone: true }));
    cursor = page.next;
    button.hidden = !cursor;
  }));
  return h("div", {}, button);
}
