// Tables that scroll by themselves and grow on demand.

import { h } from "../dom.js";

const STEP = 200;

/**
 * `columns` are {name, of, number?, head?}: `of(item)` gives a cell's content. Rows beyond the
 * first 200 are shown when asked for. `label` names the table to whoever does not see it.
 */
export function table(columns, items, { label, alone = false, tall = false, mark = () => false } = {}) {
  const body = h("tbody");
  const head = h("thead", {}, h("tr", {}, columns.map((each) => h("th", { scope: "col", class: each.number && "num" }, each.name))));
  const box = h("div", { class: `table-box${alone ? " alone" : ""}${tall ? " tall" : ""}`, tabindex: 0, role: "region", "aria-label": label },
    h("table", {}, h("caption", { class: "unseen" }, label), head, body));
  const more = h("button", { type: "button", class: "quiet" });
  const footer = h("div", { class: "more" }, more);
  const grow = () => {
    const next = items.slice(body.rows.length, body.rows.length + STEP);
    body.append(...next.map((item) => row(columns, item, mark(item))));
    const left = items.length - body.rows.length;
    more.textContent = `Show ${Math.min(left, STEP)} more of ${items.length}`;
    footer.hidden = left === 0;
  };
  more.addEventListener("click", grow);
  grow();
  box.append(footer);
  return box;
}

function row(columns, item, marked) {
  return h("tr", { class: marked && "chosen" }, columns.map(({ of, number, head }) =>
    h(head ? "th" : "td", { class: number && "num", scope: head && "row" }, of(item))));
}
