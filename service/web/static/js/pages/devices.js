// Devices, and how one is measured.

import { all } from "../api.js";
import { h } from "../dom.js";
import { date, plural } from "../format.js";
import { command } from "../parts/copy.js";
import { downloadButton } from "../parts/download.js";
import { card, empty, head } from "../parts/page.js";
import { table } from "../parts/table.js";

export async function page({ signal }) {
  const [devices, libraries] = await Promise.all(["/v1/devices?limit=500", "/v1/libraries?limit=500&state=ready"].map((path) => all(path, { signal })));
  return h("div", { class: "stack" },
    head({ title: "Devices", lead: "Targets on which networks run. Once a library was measured there, budgets can limit milliseconds." }),
    devices.length > 0 ? list(devices) : empty("No device yet", "Measure a library on the machine that matters to you; it takes minutes and needs Python and torch alone."),
    measuring(libraries[0]));
}

function list(devices) {
  return table([
    { name: "Name", head: true, of: (each) => h("a", { href: `/devices/${each.id}` }, each.name) },
    { name: "Description", of: (each) => each.description || "–" },
    { name: "Libraries", of: (each) => plural(each.libraries.length, "library", "libraries") },
    { name: "Posted", of: (each) => h("span", { class: "soft nowrap" }, date(each.created_at)) },
  ], devices, { label: "Devices", alone: true });
}

function measuring(library) {
  const text = [
    `curl -O ${location.origin}/v1/devices/measure_latency.py`,
    `python measure_latency.py --url ${location.origin} \\\n  --library ${library?.id ?? "library_…"} --name my-phone --threads 4`,
  ].join("\n");
  return card("Measure a device", { lead: "Run this on it. The script is one file and needs nothing of this service but its address." },
    h("div", { class: "stack tight" },
      command(text, "Commands that measure a device"),
      h("div", {}, downloadButton("/v1/devices/measure_latency.py", "Download the script"))));
}
