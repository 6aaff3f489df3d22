// Data sets.

import { all } from "../api.js";
import { h } from "../dom.js";
import { date, whole } from "../format.js";
import { sleep } from "../live.js";
import { empty, head, link, state } from "../parts/page.js";
import { table } from "../parts/table.js";

export async function page({ signal, reload }) {
  const datasets = await all("/v1/datasets?limit=500", { signal });
  if (datasets.some((each) => each.state === "pending")) sleep(2000, signal).then(reload);
  return h("div", { class: "stack" },
    head({ title: "Data sets", lead: "Images on which candidates are made, scored and reported. No image is used for two of these.", actions: [link("Post a data set", "/datasets/new", "primary")] }),
    datasets.length > 0 ? list(datasets) : empty("No data set yet", "Post an archive with one folder of images for each class. A library can also be made without any image.", link("Post a data set", "/datasets/new", "primary")));
}

function list(datasets) {
  const count = (each, name) => (each.contents ? whole(each.contents[name]) : "–");
  return table([
    { name: "Name", head: true, of: (each) => h("a", { href: `/datasets/${each.id}` }, each.name) },
    { name: "State", of: (each) => state(each.state) },
    { name: "Classes", number: true, of: (each) => (each.contents ? each.contents.classes.length : "–") },
    { name: "Image", of: (each) => (each.contents ? each.contents.shape.join(" × ") : "–") },
    { name: "Calibration", number: true, of: (each) => count(each, "num_calibration") },
    { name: "Scoring", number: true, of: (each) => count(each, "num_scoring") },
    { name: "Reporting", number: true, of: (each) => count(each, "num_reporting") },
    { name: "Posted", of: (each) => h("span", { class: "soft nowrap" }, date(each.created_at)) },
  ], datasets, { label: "Data sets", alone: true });
}
