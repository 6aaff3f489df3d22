// A job as it goes on.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { date } from "../format.js";
import { line, liveJob, sentence, standing } from "../parts/job.js";
import { card, head, state } from "../parts/page.js";
import { addressOf } from "../parts/resource.js";
import { table } from "../parts/table.js";

const UNITS = ["queued", "running", "succeeded", "failed", "cancelled"];

export async function page({ params, signal }) {
  const job = await get(`/v1/jobs/${params.id}`, { signal });
  const log = h("ol", { class: "log", tabindex: 0, "aria-label": "What happened" }, past(job));
  const units = h("div");
  const mark = h("span");
  const onChange = (now, before) => {
    fill(mark, state(now.state));
    fill(units, unitsTable(now));
    const said = before && sentence(now, before);
    if (said) {
      log.append(line(said, said.includes("is ") && now.finished_at ? new Date(now.finished_at) : new Date()));
      log.scrollTop = log.scrollHeight;
    }
  };
  const address = addressOf(job.resource);
  return h("div", { class: "stack" },
    head({
      crumbs: [["Jobs", "/jobs"]], title: `${job.kind[0].toUpperCase()}${job.kind.slice(1)} job`, beside: mark,
      lead: [`Posted ${date(job.created_at)}. It makes `, address ? h("a", { href: address }, job.resource) : h("span", { class: "id" }, job.resource), "."],
    }),
    liveJob(job.id, { signal, title: "Progress", onChange }),
    h("div", { class: "halves" },
      h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "Units of work")), units),
      card("What happened", {}, log)));
}

function past(job) {
  const moments = [["Posted.", job.created_at], ["Started.", job.started_at], [standing(job), job.finished_at]];
  return moments.filter(([, at]) => at).map(([text, at]) => line(text, new Date(at)));
}

function unitsTable(job) {
  const items = UNITS.filter((each) => job.units[each]);
  return table([
    { name: "State", head: true, of: (each) => state(each) },
    { name: "Units", number: true, of: (each) => job.units[each] },
  ], items, { label: "Units of work by state" });
}
