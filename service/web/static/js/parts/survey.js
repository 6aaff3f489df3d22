// Measuring students along the curve, so that predictions learn; and searching by measuring.

import { all, post } from "../api.js";
import { fill, h } from "../dom.js";
import { accuracy, date, plural } from "../format.js";
import { attempt } from "./ask.js";
import { liveJob } from "./job.js";
import { card, link, state } from "./page.js";
import { budgetText } from "./students.js";
import { table } from "./table.js";

/** A card that starts a survey and follows it. */
export function measuring(library, signal, onEnd) {
  const button = h("button", { type: "button" }, "Measure six students");
  const place = h("section", { class: "card stack tight" },
    h("h2", {}, "Check the predictions"),
    h("p", { class: "small soft" }, "Students all along the curve are assembled, refitted and measured on images that nothing else has seen. Predictions learn from each."),
    h("div", { class: "row" }, button, link(["Choose", h("span", { class: "unseen" }, " which students are measured")], `/libraries/${library.id}/survey`, "quiet")));
  const watch = (job) => fill(place, ...liveJob(job, { signal, title: "Students are being measured", onEnd }).childNodes);
  button.addEventListener("click", () => attempt(button, async () => {
    const survey = await post(`/v1/libraries/${library.id}/surveys`, { count: 6 });
    if (survey.state === "pending") watch(survey.job);
    else onEnd();
  }));
  all(`/v1/libraries/${library.id}/surveys`, { signal }).then((surveys) => {
    const running = surveys.find((each) => each.state === "pending");
    if (running) watch(running.job);
  }, () => {});
  return place;
}

/** Surveys and searches of a library, newest first. */
export async function worksCard(library, signal) {
  const [surveys, searches] = await Promise.all(["surveys", "searches"].map((kind) => all(`/v1/libraries/${library.id}/${kind}`, { signal })));
  const works = [...surveys.map(ofSurvey), ...searches.map(ofSearch)].sort((a, b) => (a.at < b.at ? 1 : -1));
  const tools = h("div", { class: "row" }, link("Measure many", `/libraries/${library.id}/survey`, ""), link("Search by measuring", `/libraries/${library.id}/search`, ""));
  return card("Surveys and searches", { tools, lead: works.length > 0 ? null : "None yet. A survey measures students all along the curve; a search tries many within a budget and keeps the best." },
    works.length > 0 && list(works));
}

function list(works) {
  return table([
    { name: "What", head: true, of: (each) => h("a", { href: each.href }, each.name, h("span", { class: "unseen" }, ` of ${date(each.at)}`)) },
    { name: "State", of: (each) => state(each.state) },
    { name: "Measured", number: true, of: (each) => each.measured },
    { name: "Result", of: (each) => each.result },
    { name: "Begun", of: (each) => h("span", { class: "soft nowrap" }, date(each.at)) },
  ], works, { label: "Surveys and searches" });
}

const ofSurvey = (each) => ({
  href: `/surveys/${each.id}`, name: `Survey of ${plural(each.students.length, "student")}`, state: each.state, at: each.created_at,
  measured: `${each.num_measured} of ${each.students.length}`, result: "–",
});

const ofSearch = (each) => ({
  href: `/searches/${each.id}`, name: `Search, ${budgetText(each.budget)}`, state: each.state, at: each.created_at,
  measured: `${each.num_trials} of ${each.settings.trials}`,
  result: each.student ? h("a", { href: `/students/${each.student}` }, `${accuracy(each.best.score.accuracy.value)} on the scoring images`) : "–",
});
