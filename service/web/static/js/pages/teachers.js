// Teachers: the first page, which also says how to begin.

import { all } from "../api.js";
import { h } from "../dom.js";
import { date, percent, plural, short } from "../format.js";
import { head, link, share, state } from "../parts/page.js";
import { table } from "../parts/table.js";
import { sleep } from "../live.js";

export async function page({ signal, reload }) {
  const [teachers, datasets, libraries] = await Promise.all(
    ["/v1/teachers?limit=500", "/v1/datasets?limit=500", "/v1/libraries?limit=500"].map((path) => all(path, { signal })));
  if (teachers.some((each) => each.state === "pending")) sleep(2000, signal).then(reload);
  return h("div", { class: "stack" },
    head({
      title: "Teachers",
      lead: "Trained networks. Post one once; from then on ask for smaller students of it under any budget.",
      actions: [link("Post a teacher", "/teachers/new", "primary")],
    }),
    libraries.some((each) => each.state === "ready") ? null : steps(teachers, datasets, libraries),
    teachers.length > 0 && list(teachers, libraries));
}

function steps(teachers, datasets, libraries) {
  const first = teachers[0];
  return h("ol", { class: "steps", "aria-label": "How to begin" },
    step(datasets.length > 0, "Post images", "An archive with one folder of images for each class.", link("Post a data set", "/datasets/new", "")),
    step(teachers.length > 0, "Post a teacher", "Its weights and what they belong to; or a .pt2 that brings its own network.", link("Post a teacher", "/teachers/new", "")),
    step(libraries.length > 0, "Build its library", "Every part of the teacher gets many smaller candidates, each scored.", first && link("Build a library", `/teachers/${first.id}/library`, "")),
    step(false, "Ask for students", "Pick a point of the trade-off curve; its student is there in milliseconds.", libraries[0] && link("Open the library", `/libraries/${libraries[0].id}`, "")));
}

const step = (done, title, text, action) => h("li", { class: done && "done" }, h("h2", {}, title), h("p", {}, text), action);

function list(teachers, libraries) {
  return table([
    { name: "Name", head: true, of: (each) => h("a", { href: `/teachers/${each.id}` }, each.name) },
    { name: "State", of: (each) => state(each.state) },
    { name: "Architecture", of: (each) => each.recipe.architecture ?? "brings its own" },
    { name: "Parameters", number: true, of: (each) => (each.cost ? short(each.cost.parameters) : "–") },
    { name: "MACs", number: true, of: (each) => (each.cost ? short(each.cost.macs) : "–") },
    { name: "Can shrink", of: (each) => (each.split ? share(each.split.shrinkable, percent(each.split.shrinkable, 0)) : "–") },
    { name: "Libraries", of: (each) => librariesOf(each, libraries) },
    { name: "Posted", of: (each) => h("span", { class: "soft nowrap" }, date(each.created_at)) },
  ], teachers, { label: "Teachers", alone: true });
}

function librariesOf(teacher, libraries) {
  const own = libraries.filter((each) => each.teacher === teacher.id);
  if (own.length === 0) return h("span", { class: "soft" }, "none");
  return h("a", { href: own.length === 1 ? `/libraries/${own[0].id}` : `/teachers/${teacher.id}` }, plural(own.length, "library", "libraries"));
}
