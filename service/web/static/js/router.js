// Addresses: which page stands behind which, and the state that a page keeps in its own.

const ROUTES = [
  ["/", "teachers", "teachers"],
  ["/teachers", "teachers", "teachers"],
  ["/teachers/new", "teacher_new", "teachers"],
  ["/teachers/:id", "teacher", "teachers"],
  ["/teachers/:id/library", "library_new", "teachers"],
  ["/libraries", "libraries", "libraries"],
  ["/libraries/:id", "library", "libraries"],
  ["/libraries/:id/student", "student_new", "libraries"],
  ["/libraries/:id/survey", "survey_new", "libraries"],
  ["/libraries/:id/search", "search_new", "libraries"],
  ["/libraries/:id/calibration", "calibration", "libraries"],
  ["/surveys/:id", "survey", "libraries"],
  ["/searches/:id", "search", "libraries"],
  ["/students", "students", "students"],
  ["/students/:id", "student", "students"],
  ["/jobs", "jobs", "jobs"],
  ["/jobs/:id", "job", "jobs"],
  ["/datasets", "datasets", "datasets"],
  ["/datasets/new", "dataset_new", "datasets"],
  ["/datasets/:id", "dataset", "datasets"],
  ["/devices", "devices", "devices"],
  ["/devices/:id", "device", "devices"],
  ["/tokens", "tokens", "tokens"],
];

/** {page, section, params} of a path, or null where nothing stands. */
export function resolve(path) {
  const parts = path.replace(/(.)\/$/, "$1").split("/");
  for (const [pattern, page, section] of ROUTES) {
    const params = matched(pattern.split("/"), parts);
    if (params) return { page, section, params };
  }
  return null;
}

/** Go to an address of these pages. */
export function go(address) {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Keep a page's state in its address without leaving it; null takes a part away. */
export function keep(state) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(state)) {
    if (value === null || value === undefined || value === "") address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  history.replaceState(null, "", address);
}

/** Whether a click on a link is for these pages and not for the browser. */
export function isOurs(link, event) {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const here = link.origin === location.origin && !link.target && !link.hasAttribute("download");
  return plain && here && link.getAttribute("href").startsWith("/") && resolve(link.pathname) !== null;
}

function matched(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const params = {};
  for (const [place, name] of pattern.entries()) {
    if (name.startsWith(":")) params[name.slice(1)] = decodeURIComponent(parts[place]);
    else if (name !== parts[place]) return null;
  }
  return params;
}
