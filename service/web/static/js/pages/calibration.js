// How far a library's predictions can be trusted.

import { get } from "../api.js";
import { agreementPlot } from "../charts/agreement.js";
import { h } from "../dom.js";
import { percent } from "../format.js";
import { card, empty, facts, head, link, note } from "../parts/page.js";

export async function page(context) {
  const { params, signal } = context;
  const found = await get(`/v1/libraries/${params.id}/calibration`, { signal });
  const measure = link("Measure many students", `/libraries/${params.id}/survey`, "primary");
  const top = head({
    crumbs: [["Library", `/libraries/${params.id}`]], title: "Predictions against measurements",
    lead: `Every prediction has an interval that should hold ${percent(found.coverage, 0)} of the measured accuracies. Each measured student is predicted again from all the others.`,
    actions: [measure],
  });
  if (found.students.length === 0) return h("div", { class: "stack" }, top, empty("Nothing was measured yet", "Intervals begin cautious, and learn from every student that is measured. A survey measures students all along the curve.", measure.cloneNode(true)));
  return h("div", { class: "stack" }, top,
    card("How often the interval held", {}, facts([tally("As predicted from the others", found.from_others), tally("As promised when they were made", found.promised)]), few(found)),
    h("section", { class: "card" }, agreementPlot(() => found.students.map(entry), context).element));
}

function tally(name, { num_predicted: total, num_inside: inside, share_inside: share }) {
  return [name, share === null ? null : percent(share, 0), `${inside} of ${total} inside`];
}

function few({ students, labels_from: labels }) {
  return [
    students.length < 5 && note("With fewer than five measured students the intervals are wide, and the shares above mean little."),
    labels === "teacher" && note("There were no labels: accuracy is agreement with the teacher."),
  ];
}

const entry = (each) => ({ student: each.student, cost: each.cost, strategy: each.strategy, predicted: each.from_others, promised: each.promised, measured: each.measured, state: "ready" });
