// A job's progress, as part of any page.

import { post } from "../api.js";
import { announce, fill, h } from "../dom.js";
import { clock, duration, plural } from "../format.js";
import { follow, hasEnded } from "../live.js";
import { attempt, confirmed } from "./ask.js";
import { state } from "./page.js";
import { keptProblem, problemBox } from "./problem.js";

/** A card that follows a job; `onEnd(job)` when it ends while it is watched. */
export function liveJob(id, { signal, title = "Its job", onEnd = () => {}, onChange = () => {} }) {
  const body = h("div", { class: "job" }, h("p", { class: "loading" }, "Loading…"));
  watch(id, signal, body, onEnd, onChange);
  return h("section", { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, title), location.pathname !== `/jobs/${id}` && h("a", { class: "small", href: `/jobs/${id}` }, "Open the job")), body);
}

async function watch(id, signal, body, onEnd, onChange) {
  const cancel = cancelling(id);
  let before = null;
  try {
    for await (const job of follow(id, signal)) {
      if (signal.aborted) return;
      const isHeld = document.activeElement === cancel;
      fill(body, progressOf(job, cancel));
      if (isHeld) cancel.focus();
      onChange(job, before);
      if (before && before.state !== job.state) announce(`The job ${job.state === "running" ? "runs" : job.state}.`);
      if (hasEnded(job) && before && !hasEnded(before)) onEnd(job);
      before = job;
    }
  } catch (error) {
    if (!signal.aborted) fill(body, problemBox(error));
  }
}

/** Bar, counts, time left, error, and the button that cancels. */
function progressOf(job, cancel) {
  const { done, total } = job.progress;
  const share = total ? done / total : 0;
  const label = `Progress of the ${job.kind} job`;
  return [
    h("div", { class: "row" }, h("span", { class: "row" }, state(job.state), job.stopping && !hasEnded(job) && h("span", { class: "soft small" }, "stopping")),
      h("span", { class: "soft small" }, timing(job))),
    h("progress", { max: 1, value: hasEnded(job) && job.state === "succeeded" ? 1 : share, "aria-label": label }),
    h("div", { class: "row" }, h("span", { class: "soft small" }, units(job)), hasEnded(job) || job.stopping ? null : cancel),
    job.error && keptProblem(job.error),
  ];
}

function cancelling(id) {
  const button = h("button", { type: "button", class: "danger" }, "Cancel");
  button.addEventListener("click", async () => {
    if (!(await confirmed("Cancel this job?", "What is finished is kept; what runs now is lost.", "Cancel the job"))) return;
    await attempt(button, () => post(`/v1/jobs/${id}/cancel`, {}));
  });
  return button;
}

function timing(job) {
  if (hasEnded(job) && job.started_at) return `took ${duration((new Date(job.finished_at) - new Date(job.started_at)) / 1000)}`;
  if (job.eta_seconds !== null) return `about ${duration(job.eta_seconds)} left`;
  return job.state === "queued" ? "waits for a worker" : "";
}

function units(job) {
  const all = Object.values(job.units).reduce((sum, count) => sum + count, 0);
  const done = job.units.succeeded ?? 0;
  return `${done} of ${plural(all, "unit")} of work done`;
}

/** What a change of a job is worth saying; null if nothing. */
export function sentence(job, before) {
  if (!before) return `The job is ${job.state}.`;
  if (job.state !== before.state) return standing(job);
  if (job.stopping && !before.stopping) return "The job is stopping.";
  if ((job.units.succeeded ?? 0) > (before.units.succeeded ?? 0)) return `${units(job)}.`;
  return null;
}

/** The state of a job, and why. */
export function standing({ state: name, error }) {
  if (!error) return `The job is ${name}.`;
  return name === "cancelled" ? `The job is cancelled. ${error.detail}` : `The job is ${name}: ${error.detail}`;
}

/** A line of the log. */
export const line = (text, when = new Date()) => h("li", {}, h("time", { datetime: when.toISOString() }, clock(when)), h("span", {}, text));
