// Where a job's resource is shown.

const PAGES = { dataset: "datasets", teacher: "teachers", library: "libraries", student: "students", survey: "surveys", search: "searches" };

/** Address of a resource by its id, or null where it has no page of its own. */
export function addressOf(id) {
  const kind = id.slice(0, id.lastIndexOf("_"));
  return PAGES[kind] ? `/${PAGES[kind]}/${id}` : null;
}
