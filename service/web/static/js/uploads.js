// Files, sent in pieces by the protocol tus: what has arrived is never sent again.

import { headers, problem, Problem, remove } from "./api.js";

const UPLOADS = "/v1/uploads";
const PIECE_BYTES = 2 ** 24;
const PAUSES_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];

const whole = new WeakMap(); // a file that has arrived, when what it was for was refused

/**
 * The id of a complete upload of `file`. `tell` hears of `sent(bytes)` and `broken()`, after which
 * it goes on by itself. Throws Problem, and AbortError once `signal` aborts; then, too, the same
 * file goes on later where this stopped.
 */
export async function uploaded(file, tell, signal) {
  if (!whole.has(file)) whole.set(file, await sent(file, tell, signal));
  return whole.get(file);
}

/** Nothing needs it any more; were this not heard, it would expire. */
export function done(file) {
  const id = whole.get(file);
  whole.delete(file);
  remove(`${UPLOADS}/${id}`).catch(() => {});
}

/** It was not there any more. */
export const forget = (file) => whole.delete(file);

async function sent(file, tell, signal) {
  await import("../vendor/tus.js");
  let share = 0;
  return new Promise((resolve, reject) => {
    const upload = new window.tus.Upload(file, {
      endpoint: UPLOADS,
      chunkSize: PIECE_BYTES,
      retryDelays: PAUSES_MS,
      metadata: { filename: file.name },
      removeFingerprintOnSuccess: true,
      onBeforeRequest: sign,
      onShouldRetry: (error) => {
        const again = isPassing(error);
        if (again) tell.broken();
        return again;
      },
      onProgress: (bytes, all) => {
        share = bytes / all;
        tell.sent(bytes);
      },
      onError: (error) => reject(problemOf(error, share)),
      onSuccess: () => resolve(upload.url.split("/").pop()),
    });
    signal.addEventListener("abort", () => {
      upload.abort();
      reject(new DOMException("Sending was stopped.", "AbortError"));
    });
    begin(upload, reject);
  });
}

/** Where it stopped the last time, if this browser began it before. */
async function begin(upload, reject) {
  try {
    const [earlier] = await upload.findPreviousUploads();
    if (earlier) upload.resumeFromPreviousUpload(earlier);
    upload.start();
  } catch (error) {
    reject(error);
  }
}

function sign(request) {
  for (const [name, value] of Object.entries(headers())) request.setHeader(name, value);
}

/** Whether it may be gone in a while: no answer, one of a server in trouble, or a piece in between. */
function isPassing(error) {
  const status = error.originalResponse?.getStatus() ?? 0;
  return status === 0 || status >= 500 || [409, 423, 429].includes(status);
}

function problemOf(error, share) {
  const answer = error.originalResponse;
  if (answer?.getStatus()) return problem(answer.getBody(), answer.getStatus(), answer.getHeader("x-request-id"));
  if (!error.originalRequest) return error;
  return new Problem({
    title: "The connection broke",
    detail: `It broke at ${Math.floor(100 * share)} % and did not come back within a minute. What has arrived is kept for a while: send the form again, and only the rest follows.`,
    status: 0,
  });
}
