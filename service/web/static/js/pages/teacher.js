// A teacher: what was found in it, how it was cut, and its libraries.

import { all, get } from "../api.js";
import { h } from "../dom.js";
import { AXES, date, percent, plural, short, whole } from "../format.js";
import { deleting } from "../parts/ask.js";
import { downloadButton } from "../parts/download.js";
import { liveJob } from "../parts/job.js";
import { librariesTable } from "../parts/libraries.js";
import { card, empty, facts, head, link, note, share, state } from "../parts/page.js";
import { keptProblem } from "../parts/problem.js";
import { table } from "../parts/table.js";

export async function page({ params, signal, reload }) {
  const teacher = await get(`/v1/teachers/${params.id}`, { signal });
  const isReady = teacher.state === "ready";
  const [libraries, cut] = await Promise.all([
    all(`/v1/teachers/${params.id}/libraries`, { signal }),
    isReady ? get(`/v1/teachers/${params.id}/neighbourhoods`, { signal }) : null,
  ]);
  return h("div", { class: "stack" },
    head({
      crumbs: [["Teachers", "/"]],
      title: teacher.name,
      beside: state(teacher.state),
      lead: [teacher.recipe.architecture ?? "brings its own network", " · ", teacher.recipe.input.join(" × "), " · posted ", date(teacher.created_at)],
      actions: [isReady && link("Build a library", `/teachers/${teacher.id}/library`, "primary"), deleting(`/v1/teachers/${teacher.id}`, teacher.name, "/")],
    }),
    teacher.error && keptProblem(teacher.error),
    teacher.state === "pending" && liveJob(teacher.job, { signal, title: "It is being read, checked and split", onEnd: reload }),
    isReady && [found(teacher), note(teacher.split.warning, true), teacher.split.notes.map((each) => note(each))],
    isReady && librariesCard(teacher, libraries),
    cut && [neighbourhoods(cut), cut.left_out.length > 0 && leftOut(cut)]);
}

function found(teacher) {
  const { cost, split } = teacher;
  return card("What it is", { tools: downloadButton(teacher.network.url, "Download the network") },
    facts([
      ["Parameters", short(cost.parameters), whole(cost.parameters)],
      ["MACs, one image", short(cost.macs)],
      ["Weights", AXES.bytes.show(cost.bytes)],
      ["Peak activations", cost.activation_bytes ? AXES.bytes.show(cost.activation_bytes) : null],
      ["Classes", teacher.num_classes],
      ["Neighbourhoods", split.num_neighbourhoods, `${percent(split.coverage)} of the parameters`],
      ["Can shrink", percent(split.shrinkable), "of the parameters"],
      ["Licence", teacher.licence ?? "unknown", teacher.licence ? null : "post it again with one to tell it"],
    ]));
}

function librariesCard(teacher, libraries) {
  if (libraries.length === 0) {
    return empty("No library yet", "A library holds every candidate that may replace a part of this teacher, each scored. Students are chosen from it.",
      link("Build a library", `/teachers/${teacher.id}/library`, "primary"));
  }
  return card("Libraries", {}, librariesTable(libraries));
}

function neighbourhoods({ items }) {
  const most = Math.max(...items.map((each) => each.num_parameters));
  return card("Neighbourhoods", { lead: "The parts that candidates replace, from input to output, with the widths that may shrink inside." },
    table([
      { name: "Name", head: true, of: (each) => h("code", {}, each.name) },
      { name: "Parameters", of: (each) => share(each.num_parameters / most, short(each.num_parameters)) },
      { name: "Widths", of: (each) => each.widths.map((width) => h("span", { class: "nowrap" }, h("code", {}, width.name), ` ${sizeOf(width)}  `)) },
    ], items, { label: "Neighbourhoods" }));
}

const lastPart = (name) => name.split(".").pop();

/** Channels, and how many go at a time where groups or heads bind them. */
function sizeOf({ size, channels }) {
  const all = channels ?? size;
  return all > size ? `${all} in steps of ${all / size}` : `${all}`;
}

function leftOut({ left_out: left }) {
  return h("details", { class: "card" },
    h("summary", {}, `${plural(left.length, "module")} left out, and why`),
    table([
      { name: "Module", head: true, of: (each) => [h("code", {}, each.module), each.parameters.length > 0 && ` ${each.parameters.map(lastPart).join(", ")} alone`] },
      { name: "Parameters", number: true, of: (each) => whole(each.num_parameters) },
      { name: "Why", of: (each) => each.reason },
    ], left, { label: "Modules left out" }));
}
