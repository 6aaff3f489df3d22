// Libraries in a list.

import { h } from "../dom.js";
import { accuracy, date, granularity, whole } from "../format.js";
import { share, state } from "./page.js";
import { table } from "./table.js";

/** `teachers`, names by id, adds a column. */
export function librariesTable(libraries, { teachers = null, alone = false } = {}) {
  return table([
    { name: "Library", head: true, of: (each) => h("a", { href: `/libraries/${each.id}` }, kinds(each), h("span", { class: "unseen" }, ` of ${date(each.created_at)}`)) },
    teachers && { name: "Teacher", of: (each) => h("a", { href: `/teachers/${each.teacher}` }, teachers.get(each.teacher) ?? each.teacher) },
    { name: "State", of: (each) => state(each.state) },
    { name: "Candidates", of: (each) => share(each.progress.total ? each.progress.done / each.progress.total : 0, `${whole(each.progress.done)} of ${whole(each.progress.total)}`) },
    { name: "Cut", of: (each) => granularity(each.recipe.granularity) },
    { name: "Steps", number: true, of: (each) => whole(each.recipe.steps) },
    { name: "Teacher’s accuracy", number: true, of: (each) => (each.teacher_accuracy ? accuracy(each.teacher_accuracy.value) : "–") },
    { name: "Made", of: (each) => h("span", { class: "soft nowrap" }, date(each.created_at)) },
  ].filter(Boolean), libraries, { label: "Libraries", alone });
}

/** Which kinds of candidates it holds, as its name. */
export const kinds = (library) => {
  const names = Object.keys(library.recipe.kinds).join(", ");
  return library.data_free ? `${names}, made without images` : names;
};
