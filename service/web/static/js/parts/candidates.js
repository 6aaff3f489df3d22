// The candidates of a library as they come in, page by page.

import { pages } from "../api.js";
import { candidateName } from "../format.js";

/** All candidates so far: by id, and in rows (neighbourhoods) and columns (kinds and knobs). */
export class Candidates {
  constructor() {
    this.items = [];
    this.byId = new Map();
    this.byPlace = new Map();
    this.rows = [];
    this.columns = [];
    this.complete = false;
  }

  add(page) {
    for (const each of page) {
      const { id, neighbourhood, kind, knobs, cost, score } = each; // not what it keeps, which is much
      const item = { id, neighbourhood, kind, knobs, cost, score, column: columnOf(each) };
      this.items.push(item);
      this.byId.set(id, item);
      this.byPlace.set(`${neighbourhood} ${item.column}`, item);
    }
    this.rows = distinct(this.items.map((each) => each.neighbourhood));
    this.columns = sortedColumns(this.items);
  }

  /** Of a neighbourhood and a column, if there is one. */
  at(row, column) {
    return this.byPlace.get(`${row} ${column?.key}`);
  }

  /** Load everything; `onPage` is called after every page. */
  async load(library, signal, onPage) {
    for await (const page of pages(`/v1/libraries/${library}/candidates?limit=500`, { signal })) {
      this.add(page);
      onPage();
    }
    this.complete = true;
    onPage();
  }
}

const distinct = (items) => [...new Set(items)];

const columnOf = (each) => `${each.kind} ${JSON.stringify(each.knobs)}`;

/** Kinds as they come, and within a kind by rising knobs. */
function sortedColumns(items) {
  const columns = new Map();
  for (const { column, kind, knobs } of items) columns.set(column, { key: column, kind, knobs });
  for (const each of columns.values()) each.name = candidateName({ kind: each.kind, knobs: telling(each, columns) });
  const order = distinct(items.map((each) => each.kind));
  return [...columns.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || compare(a.knobs, b.knobs));
}

/** The knobs that tell a column from others of its kind. */
function telling({ kind, knobs }, columns) {
  const others = [...columns.values()].filter((each) => each.kind === kind);
  const differing = Object.entries(knobs).filter(([name, value]) => others.length === 1 || others.some((each) => each.knobs[name] !== value));
  return Object.fromEntries(differing);
}

function compare(a, b) {
  const [left, right] = [Object.values(a), Object.values(b)];
  for (const [place, value] of left.entries()) {
    if (value === right[place]) continue;
    return value < right[place] ? -1 : 1;
  }
  return 0;
}
