// The frame around every page: sections, loading, errors, signing in.

import { get } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { problemCard, signIn } from "./parts/problem.js";
import { isOurs, resolve } from "./router.js";

const SECTIONS = [
  ["teachers", "Teachers"], ["libraries", "Libraries"], ["students", "Students"], ["jobs", "Jobs"],
  ["datasets", "Data sets"], ["devices", "Devices"], ["tokens", "Tokens"],
];
const main = document.getElementById("main");
let leaving = new AbortController();
let shown = null;

/** Show what stands behind the address. */
async function show({ moved = true } = {}) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const found = resolve(location.pathname);
  mark(found?.section);
  if (moved) fill(main, h("p", { class: "loading" }, "Loading…"));
  try {
    const content = found ? await made(found, signal) : nothing();
    if (signal.aborted) return;
    const isHeld = main.contains(document.activeElement);
    fill(main, content);
    if (moved) arrive();
    else if (isHeld) main.focus({ preventScroll: true }); // what held it may be gone
    shown = location.pathname;
  } catch (error) {
    if (signal.aborted) return;
    fill(main, error.status === 401 ? signIn(error, show) : problemCard(error, show));
    arrive();
  }
}

async function made({ page, params }, signal) {
  const module = await import(`./pages/${page}.js`);
  const reload = () => !signal.aborted && show({ moved: false });
  return module.page({ params, query: new URLSearchParams(location.search), signal, reload });
}

function nothing() {
  return h("div", { class: "empty" },
    h("h1", {}, "There is no such page"),
    h("p", {}, "The address may have been cut off. Start again from the ", h("a", { href: "/" }, "teachers"), "."));
}

function mark(section) {
  for (const link of document.querySelectorAll("#sections a")) {
    if (link.dataset.section === section) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** A new page begins at its heading, for eyes and screen readers alike. */
function arrive() {
  const heading = main.querySelector("h1");
  const title = heading?.textContent ?? "Student Search";
  document.title = `${title} · Student Search`;
  announce(title);
  if (shown === null) return;
  scrollTo(0, 0);
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

function furnishFrame() {
  fill(document.getElementById("sections"), SECTIONS.map(([section, name]) =>
    h("a", { href: section === "teachers" ? "/" : `/${section}`, "data-section": section }, name)));
  get("/version").then(
    ({ version }) => fill(document.getElementById("version"), `Version ${version}`),
    () => {},
  );
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || !isOurs(link, event)) return;
  event.preventDefault();
  if (link.href !== location.href) history.pushState(null, "", link.href);
  show();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // a fragment in the address would count as another page
  main.focus();
});
addEventListener("popstate", () => show());
furnishFrame();
show();
