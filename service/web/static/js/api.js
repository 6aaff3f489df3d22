// The service's API, the same that everybody uses.

const KEY = "student-search-token";

/** What the service refused or could not do, as its problem document (RFC 9457) says it. */
export class Problem extends Error {
  constructor(document, requestId = null) {
    super(document.detail ?? document.title);
    this.document = document;
    this.requestId = requestId ?? document.request_id ?? null;
  }

  get status() {
    return this.document.status;
  }
}

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: (text) => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
};

/** What every request is sent with. */
export function headers(given = {}) {
  const held = token.get();
  return held ? { ...given, Authorization: `Bearer ${held}` } : given;
}

/** The answer itself; throws Problem for every one that is no success. */
export async function ask(path, { headers: given, ...options } = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: headers(given) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(UNREACHABLE);
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

/** A resource. */
export const get = async (path, options) => (await ask(path, options)).json();

/** Post JSON; gives what came of it. */
export async function post(path, body, options = {}) {
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await ask(path, { ...sent, ...options })).json();
}

/** Post a form; gives what came of it. */
export const postForm = async (path, body) => (await ask(path, { method: "POST", body })).json();

export const remove = (path) => ask(path, { method: "DELETE" });

let described = null;

/** The service's description of itself (OpenAPI), asked for once: what it can do may grow. */
export function description() {
  described ??= get("/openapi.json").catch((error) => { described = null; throw error; });
  return described;
}

/** Whether the service has this path, such as "/v1/tokens". */
export const offers = async (path) => path in (await description()).paths;

/** The pages of a list, one after the other. */
export async function* pages(path, options) {
  let cursor = null;
  do {
    const address = new URL(path, location.origin);
    if (cursor) address.searchParams.set("cursor", cursor);
    const page = await get(address.pathname + address.search, options);
    yield page.items;
    cursor = page.next;
  } while (cursor);
}

/** All items of a list that is known to be short. */
export async function all(path, options) {
  const items = [];
  for await (const page of pages(path, options)) items.push(...page);
  return items;
}

const UNREACHABLE = {
  title: "The service does not answer",
  detail: "Nothing came back. Check that the server runs and that this machine reaches it, then try again.",
  status: 0,
};

async function problemOf(answer) {
  return problem(await answer.text(), answer.status, answer.headers.get("x-request-id"));
}

/** What an answer that is no success says, by its body. */
export function problem(text, status, requestId) {
  return new Problem(parsed(text, status), requestId);
}

function parsed(text, status) {
  try {
    return JSON.parse(text);
  } catch {
    return { title: "The answer cannot be read", detail: `Something between here and the service answered with status ${status}. Try again in a while.`, status };
  }
}
