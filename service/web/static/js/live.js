// Following a job: by the service's events where it sends them, else by asking again and again.

import { ask, get, offers, Problem } from "./api.js";

const ENDED = new Set(["succeeded", "failed", "cancelled"]);
const FIRST_MS = 400;
const LAST_MS = 3000;

export const hasEnded = (job) => ENDED.has(job.state);

/** The job each time that it changed, until it has ended; ends silently when `signal` aborts. */
export async function* follow(id, signal) {
  let last = null;
  for await (const _ of ticks(id, signal)) {
    const job = await get(`/v1/jobs/${id}`, { signal });
    const seen = JSON.stringify(job);
    if (seen !== last) yield job;
    last = seen;
    if (hasEnded(job)) return;
  }
}

/** Moments at which it is worth looking: at once, at every event, and now and then in any case. */
async function* ticks(id, signal) {
  yield;
  const events = await stream(id, signal);
  if (events) yield* events;
  let pause = FIRST_MS;
  while (!signal.aborted) {
    await sleep(pause, signal);
    yield;
    pause = Math.min(1.3 * pause, LAST_MS);
  }
}

/** Chunks of the stream of events; null where the service has none. */
async function stream(id, signal) {
  try {
    if (!(await offers("/v1/jobs/{job_id}/events"))) return null;
    const answer = await ask(`/v1/jobs/${id}/events`, { signal, headers: { Accept: "text/event-stream" } });
    const isStream = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
    return isStream ? chunks(answer.body.getReader(), signal) : null;
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

async function* chunks(reader, signal) {
  while (!signal.aborted) {
    let done;
    try {
      ({ done } = await reader.read());
    } catch {
      return; // the connection was cut: go on by asking
    }
    if (done) return;
    yield;
  }
}

/** After this long, or at once when the page is left. */
export function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
