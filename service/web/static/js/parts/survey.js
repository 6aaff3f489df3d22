// Measuring students along the curve, so that predictions learn.

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { attempt } from "./ask.js";
import { liveJob } from "./job.js";

/** A card that starts a survey and follows it. */
export function measuring(library, signal, onEnd) {
  const button = h("button", { type: "button" }, "Measure six students");
  const card = h("section", { class: "card stack tight" },
    h("h2", {}, "Check the predictions"),
    h("p", { class: "small soft" }, "Students all along the curve are assembled, refitted and measured on images that nothing else has seen. Predictions learn from each."),
    h("div", {}, button));
  const watch = (job) => fill(card, ...liveJob(job, { signal, title: "Students are being measured", onEnd }).childNodes);
  button.addEventListener("click", () => attempt(button, async () => {
    const survey = await post(`/v1/libraries/${library.id}/surveys`, { count: 6 });
    if (survey.state === "pending") watch(survey.job);
    else onEnd();
  }));
  running(library, signal).then((survey) => survey && watch(survey.job), () => {});
  return card;
}

async function running(library, signal) {
  const { items } = await get(`/v1/libraries/${library.id}/surveys?limit=5`, { signal });
  return items.find((each) => each.state === "pending");
}
