// A data set: what was found in it.

import { get } from "../api.js";
import { h } from "../dom.js";
import { date, whole } from "../format.js";
import { deleting } from "../parts/ask.js";
import { liveJob } from "../parts/job.js";
import { card, facts, head, link, state } from "../parts/page.js";
import { keptProblem } from "../parts/problem.js";

export async function page({ params, signal, reload }) {
  const dataset = await get(`/v1/datasets/${params.id}`, { signal });
  return h("div", { class: "stack" },
    head({
      crumbs: [["Data sets", "/datasets"]], title: dataset.name, beside: state(dataset.state),
      lead: `Posted ${date(dataset.created_at)}.${dataset.source_uri ? ` Read from ${dataset.source_uri}.` : ""}`,
      actions: [dataset.state === "ready" && link("Post a teacher for it", "/teachers/new", ""), deleting(`/v1/datasets/${dataset.id}`, dataset.name, "/datasets")],
    }),
    dataset.error && [keptProblem(dataset.error), h("div", { class: "row" }, link("Post another archive", "/datasets/new", "primary"))],
    dataset.state === "pending" && liveJob(dataset.job, { signal, title: "The images are being read", onEnd: reload }),
    dataset.contents && found(dataset.contents));
}

function found(contents) {
  return card("What was found", {},
    facts([
      ["Image", contents.shape.join(" × "), "channels × height × width"],
      ["Classes", contents.classes.length],
      ["Calibration", whole(contents.num_calibration), "candidates learn from these"],
      ["Scoring", whole(contents.num_scoring), "candidates are scored on these"],
      ["Reporting", whole(contents.num_reporting), "students are reported on these"],
    ]),
    h("details", {}, h("summary", {}, "Classes"), h("p", { class: "code" }, contents.classes.join(", "))));
}
