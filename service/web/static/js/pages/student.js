// A student: what it costs and reaches, why it was chosen, what it is made of, and how to leave
// with it.

import { all, get, post } from "../api.js";
import { h } from "../dom.js";
import { AXES, date, percent } from "../format.js";
import { attempt, deleting } from "../parts/ask.js";
import { liveJob } from "../parts/job.js";
import { layersCard } from "../parts/layers_card.js";
import { leaving } from "../parts/leaving.js";
import { card, facts, head, note } from "../parts/page.js";
import { keptProblem } from "../parts/problem.js";
import { accuraciesCard } from "../parts/accuracies_card.js";
import { refinementsCard } from "../parts/refinements.js";
import { budgetText, title } from "../parts/students.js";
import { whyCard } from "../parts/why.js";

export async function page(context) {
  const { params, signal, reload } = context;
  const student = await get(`/v1/students/${params.id}`, { signal });
  const [teacher, dataset, refinements] = await Promise.all([
    get(`/v1/teachers/${student.teacher}`, { signal }),
    imagesOf(student, signal),
    all(`/v1/students/${student.id}/refinements`, { signal }),
  ]);
  const { measurement } = student;
  return h("div", { class: "stack" },
    head({
      crumbs: [["Teachers", "/"], [teacher.name, `/teachers/${teacher.id}`], ["Library", `/libraries/${student.library}`]],
      title: title(student),
      lead: [student.origin === "refinement" ? ["Refined from ", h("a", { href: `/students/${student.parent}` }, "its parent"), ". "] : `Asked for with ${budgetText(student.budget)}, ${student.strategy}. `, `Made ${date(student.created_at)}. `, h("span", { class: "id" }, student.id)],
      actions: [isUnmeasured(measurement) && measureButton(student, reload), deleting(`/v1/students/${student.id}`, "this student", `/libraries/${student.library}`)],
    }),
    better(student),
    measurement?.error && keptProblem(measurement.error),
    measurement?.state === "pending" && liveJob(measurement.job, { signal, title: "It is being refitted and measured", onEnd: reload }),
    h("div", { class: "halves" },
      h("div", { class: "stack" }, accuraciesCard(student, context), costs(student)),
      leaving(student, teacher, dataset)),
    whyCard(student, signal),
    layersCard(student, teacher, context),
    refinementsCard(student, refinements, context));
}

/** The data set of its library; null where that was made without images. */
async function imagesOf(student, signal) {
  const { dataset } = await get(`/v1/libraries/${student.library}`, { signal });
  return dataset && get(`/v1/datasets/${dataset}`, { signal });
}

const isUnmeasured = (measurement) => !measurement || ["failed", "cancelled"].includes(measurement.state);

function measureButton(student, reload) {
  const button = h("button", { type: "button", class: "primary" }, student.measurement ? "Measure it again" : "Measure it");
  button.addEventListener("click", () => attempt(button, async () => {
    await post(`/v1/students/${student.id}/measurements`, {});
    reload();
  }));
  return button;
}

function better({ better: found }) {
  if (!found) return null;
  const gain = `${found.gain.value.toFixed(2)} ± ${found.gain.standard_error.toFixed(2)} points`;
  return h("p", { class: "note" }, "A refinement of this student measured better by ", gain, ". ", h("a", { href: `/students/${found.student}` }, "Open the better one"), ".");
}

function costs({ cost, teacher_cost: whole }) {
  const axes = ["parameters", "macs", "bytes", "activation_bytes", "latency_ms"].filter((axis) => cost[axis]);
  return card("What it costs", {}, facts(axes.map((axis) => [
    AXES[axis].title, AXES[axis].show(cost[axis]), whole[axis] ? `${percent(cost[axis] / whole[axis])} of the teacher’s ${AXES[axis].show(whole[axis])}` : null,
  ])));
}
