// Jobs, newest first, live while any of them goes on.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { date, duration } from "../format.js";
import { hasEnded, sleep } from "../live.js";
import { attempt } from "../parts/ask.js";
import { select } from "../parts/form.js";
import { empty, head, link, share, state } from "../parts/page.js";
import { addressOf } from "../parts/resource.js";
import { table } from "../parts/table.js";
import { keep } from "../router.js";

const STATES = ["queued", "running", "succeeded", "failed", "cancelled"];
const EVERY_MS = 2000;

export async function page({ query, signal }) {
  const list = new List(query, signal);
  await list.look();
  list.watch();
  const chosen = select("state", [["", "all"], ...STATES.map((each) => [each, each])], query.get("state") ?? "", { id: "job-state" });
  chosen.addEventListener("change", () => {
    keep({ state: chosen.value });
    list.state = chosen.value;
    list.look();
  });
  return h("div", { class: "stack" },
    head({ title: "Jobs", lead: "Work that takes time. What is finished stays finished: a job that is killed goes on where it was.", actions: [h("span", { class: "picker" }, h("label", { for: "job-state" }, "State"), chosen)] }),
    list.element);
}

class List {
  constructor(query, signal) {
    Object.assign(this, { signal, state: query.get("state") ?? "", element: h("div", { class: "stack" }), count: 50 });
  }

  async look() {
    const filter = this.state ? `&state=${encodeURIComponent(this.state)}` : "";
    const page = await get(`/v1/jobs?limit=${this.count}${filter}`, { signal: this.signal });
    const seen = JSON.stringify(page);
    if (seen !== this.seen) fill(this.element, shown(page.items, this.state), page.next && this.count < 500 && this.more());
    this.seen = seen;
    this.isMoving = page.items.some((each) => !hasEnded(each));
  }

  more() {
    const button = h("button", { type: "button" }, "Show older ones");
    button.addEventListener("click", () => attempt(button, () => {
      this.count = Math.min(500, this.count + 100);
      return this.look();
    }));
    return h("div", {}, button);
  }

  async watch() {
    while (!this.signal.aborted) {
      await sleep(this.isMoving ? EVERY_MS : 5 * EVERY_MS, this.signal);
      if (!this.signal.aborted && !this.element.contains(document.activeElement)) await this.look().catch(() => {});
    }
  }
}

function shown(jobs, chosen) {
  if (jobs.length === 0 && chosen) return h("p", { class: "soft" }, `No job is ${chosen}.`);
  if (jobs.length === 0) return empty("No job yet", "Posting images or a teacher begins the first.", link("Post images", "/datasets/new", "primary"));
  return table([
    { name: "Job", head: true, of: (each) => h("a", { href: `/jobs/${each.id}` }, each.kind, h("span", { class: "unseen" }, ` of ${date(each.created_at)}`)) },
    { name: "State", of: (each) => state(each.state) },
    { name: "Progress", of: (each) => share(each.progress.total ? each.progress.done / each.progress.total : 0, `${Math.floor((100 * each.progress.done) / (each.progress.total || 1))} %`) },
    { name: "Makes", of: (each) => made(each.resource) },
    { name: "Took", number: true, of: (each) => took(each) },
    { name: "Posted", of: (each) => h("span", { class: "soft nowrap" }, date(each.created_at)) },
  ], jobs, { label: "Jobs", alone: true });
}

function made(resource) {
  const address = addressOf(resource);
  return address ? h("a", { class: "id", href: address }, resource) : h("span", { class: "id" }, resource);
}

function took(job) {
  if (!job.started_at) return "–";
  if (!job.finished_at) return job.eta_seconds === null ? "–" : `${duration(job.eta_seconds)} left`;
  return duration((new Date(job.finished_at) - new Date(job.started_at)) / 1000);
}
