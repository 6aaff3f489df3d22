// Beginning a survey: which students are to be measured.

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { AXES } from "../format.js";
import { budgetOf, devicesOf, limits } from "../parts/budget.js";
import { field, fields, form, group, input, select } from "../parts/form.js";
import { head } from "../parts/page.js";
import { go } from "../router.js";

export async function page({ params, signal }) {
  const library = await get(`/v1/libraries/${params.id}`, { signal });
  const devices = await devicesOf(library, signal);
  return h("div", {},
    head({ crumbs: [["Library", `/libraries/${library.id}`]], title: "Measure many students", lead: "A survey makes students all along the trade-off curve, refits each and measures it on images that nothing else has seen. Predictions learn from each as soon as it is measured." }),
    form("Begin the survey", [
      group("Along the curve", fields(
        field("Students", input("count", { type: "number", min: 2, max: 100, value: 12, required: true }), "Spread evenly from the smallest to the largest."),
        field("Cost of the curve", select("axis", axes(devices), "parameters")))),
      limits(devices, { legend: "Within a budget as well, if one is given" }),
      field("The best within it", input("top", { type: "number", min: 1, max: 50, value: 5, required: true }), "So many distinct students are measured too; without a limit above none is."),
    ], (data) => send(library, data)));
}

function axes(devices) {
  const own = ["parameters", "macs", "bytes"].map((name) => [name, AXES[name].title]);
  return [...own, ...devices.map((each) => [`latency_ms ${each.id}`, `Latency on ${each.name}`])];
}

async function send(library, data) {
  const [axis, device] = data.get("axis").split(" ");
  const budget = budgetOf(data);
  const within = Object.keys(budget).length > 0 ? { budget, top: Number(data.get("top")) } : {};
  const survey = await post(`/v1/libraries/${library.id}/surveys`, { count: Number(data.get("count")), axis, ...(device ? { device } : {}), ...within });
  go(`/surveys/${survey.id}`);
}
