// A library: its trade-off curve with a budget, its map of candidates, its students.

import { get } from "../api.js";
import { h } from "../dom.js";
import { accuracy, date, granularity, percent, plural, whole } from "../format.js";
import { deleting } from "../parts/ask.js";
import { liveJob } from "../parts/job.js";
import { kinds } from "../parts/libraries.js";
import { card, facts, head, link, note, state } from "../parts/page.js";
import { keptProblem } from "../parts/problem.js";
import { studentsTable } from "../parts/students.js";
import { worksCard } from "../parts/survey.js";
import { tradeOff } from "../parts/trade_off.js";

export async function page(context) {
  const { params, signal, reload } = context;
  const library = await get(`/v1/libraries/${params.id}`, { signal });
  const [teacher, dataset] = await Promise.all([
    get(`/v1/teachers/${library.teacher}`, { signal }),
    library.dataset && get(`/v1/datasets/${library.dataset}`, { signal }),
  ]);
  const isReady = library.state === "ready";
  return h("div", { class: "stack" },
    head({
      crumbs: [["Teachers", "/"], [teacher.name, `/teachers/${teacher.id}`]],
      title: `Library of ${teacher.name}`,
      beside: state(library.state),
      lead: [kinds(library), ` · ${plural(library.progress.total, "candidate")} · made `, date(library.created_at)],
      actions: [isReady && link("Ask with several limits", `/libraries/${library.id}/student`, ""), deleting(`/v1/libraries/${library.id}`, "this library with its candidates", `/teachers/${teacher.id}`)],
    }),
    library.error && keptProblem(library.error),
    library.notes.map((each) => note(each)),
    library.state === "pending" && liveJob(library.job, { signal, title: "Its candidates are being made and scored", onEnd: reload }),
    isReady && (await ready(library, context)),
    made(library, dataset));
}

async function ready(library, context) {
  const { signal } = context;
  const [students, calibration] = await Promise.all([
    get(`/v1/students?limit=20&library=${library.id}`, { signal }).then((page) => page.items),
    get(`/v1/libraries/${library.id}/calibration`, { signal }),
  ]);
  return [
    await tradeOff(library, calibration, context),
    await worksCard(library, signal),
    card("Students", { tools: link("All students", `/students?library=${library.id}`) },
      students.length > 0 ? studentsTable(students) : h("p", { class: "soft" }, "None yet. Click a point of the curve, or move the slider and press the button beside it.")),
  ];
}

/** How many of its images a data set gave: all, where more were asked for. */
function used(asked, there) {
  return [plural(Math.min(asked, there ?? Infinity), "image"), there < asked ? `all there are; up to ${whole(asked)} were asked for` : null];
}

function made(library, dataset) {
  const { recipe, split } = library;
  return card("How it was made", {},
    facts([
      ["Neighbourhoods", split?.num_neighbourhoods ?? null, split && `${percent(split.coverage)} of the parameters`],
      ["Cut", granularity(recipe.granularity)],
      ["Refinement", plural(recipe.steps, "step"), recipe.steps ? "a candidate" : "closed form alone"],
      ["Calibration", ...used(recipe.calibration_images, dataset?.contents.num_calibration)],
      ["Scoring", ...used(recipe.scoring_images, dataset?.contents.num_scoring)],
      ["Teacher’s accuracy", library.teacher_accuracy ? accuracy(library.teacher_accuracy.value) : null, library.teacher_accuracy && `± ${library.teacher_accuracy.standard_error.toFixed(1)}, scoring images`],
      ["Seed", recipe.seed],
      ["Images", dataset ? link(dataset.name, `/datasets/${dataset.id}`) : "none were read"],
    ]),
    h("details", {}, h("summary", {}, "Every setting"), h("div", { class: "command" }, h("pre", { tabindex: 0, role: "region", "aria-label": "Recipe of the library" }, h("code", {}, JSON.stringify(recipe, null, 2))))));
}
