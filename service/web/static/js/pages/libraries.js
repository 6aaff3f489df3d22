// Libraries of all teachers.

import { all } from "../api.js";
import { h } from "../dom.js";
import { sleep } from "../live.js";
import { librariesTable } from "../parts/libraries.js";
import { empty, head, link } from "../parts/page.js";

export async function page({ signal, reload }) {
  const [libraries, teachers] = await Promise.all(["/v1/libraries?limit=500", "/v1/teachers?limit=500"].map((path) => all(path, { signal })));
  if (libraries.some((each) => each.state === "pending")) sleep(2000, signal).then(reload);
  const names = new Map(teachers.map((each) => [each.id, each.name]));
  return h("div", { class: "stack" },
    head({ title: "Libraries", lead: "All scored candidates of a teacher, from which students are chosen." }),
    libraries.length > 0
      ? librariesTable(libraries, { teachers: names, alone: true })
      : empty("No library yet", "Open a teacher that is ready and build one.", link("Teachers", "/", "primary")));
}
