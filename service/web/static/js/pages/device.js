// A device: the libraries measured there, and students beside the sums of their parts.

import { all, get } from "../api.js";
import { h } from "../dom.js";
import { AXES, date, percent, trimmed } from "../format.js";
import { deleting } from "../parts/ask.js";
import { card, facts, head, link } from "../parts/page.js";
import { table } from "../parts/table.js";

export async function page({ params, signal }) {
  const device = await get(`/v1/devices/${params.id}`, { signal });
  const [tables, students] = await Promise.all([
    Promise.all(device.libraries.map((id) => get(`/v1/devices/${device.id}/tables/${id}`, { signal }))),
    all(`/v1/devices/${device.id}/students`, { signal }),
  ]);
  return h("div", { class: "stack" },
    head({ crumbs: [["Devices", "/devices"]], title: device.name, lead: [device.description, device.description && " · ", `posted ${date(device.created_at)}`], actions: [deleting(`/v1/devices/${device.id}`, device.name, "/devices")] }),
    tables.map((each, place) => measured(each, device, device.libraries[place])),
    card("Students measured end to end", { lead: "What the whole student takes, beside the sum of its parts." },
      students.length > 0 ? list(students) : h("p", { class: "soft" }, "None yet: measure_latency.py --student measures one.")));
}

function measured(found, device, library) {
  return card("A library measured here", { tools: link("Open it with latency as the cost", `/libraries/${library}?axis=latency_ms&device=${device.id}`, "") },
    facts([
      ["Teacher", AXES.latency_ms.show(found.teacher.latency_ms), `± ${trimmed(found.teacher.spread_ms)} ms`],
      ["Candidates", Object.keys(found.candidates).length],
      ["Beyond the parts", AXES.latency_ms.show(found.outside_ms), "whole teacher less its parts"],
      ["Parts count for", percent(found.parts_share, 0), "of their time alone, so that the teacher's sum is exact"],
      ["Measured with", found.setting.backend, `${found.setting.hardware}, ${found.setting.threads} threads`],
    ]));
}

function list(students) {
  return table([
    { name: "Student", head: true, of: (each) => h("a", { href: `/students/${each.student}`, class: "id" }, each.student) },
    { name: "Measured", number: true, of: (each) => AXES.latency_ms.show(each.latency.latency_ms) },
    { name: "Sum of parts", number: true, of: (each) => (each.predicted_ms === null ? "–" : AXES.latency_ms.show(each.predicted_ms)) },
    { name: "With", of: (each) => `${each.setting.backend}, ${each.setting.threads} threads` },
  ], students, { label: "Students measured on this device" });
}
