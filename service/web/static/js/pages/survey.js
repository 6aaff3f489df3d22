// A survey: students of a library, and what was predicted and measured of each.

import { get, post } from "../api.js";
import { agreementPlot } from "../charts/agreement.js";
import { h } from "../dom.js";
import { AXES, date, plural } from "../format.js";
import { attempt, deleting } from "../parts/ask.js";
import { liveJob } from "../parts/job.js";
import { head, note, state } from "../parts/page.js";
import { keptProblem } from "../parts/problem.js";
import { budgetText } from "../parts/students.js";

export async function page(context) {
  const { params, signal, reload } = context;
  const path = `/v1/surveys/${params.id}`;
  const shown = { survey: await get(path, { signal }) };
  const { survey } = shown;
  const plot = agreementPlot(() => shown.survey.students.map(entry), context);
  const look = async () => {
    shown.survey = await get(path, { signal });
    plot.redraw();
  };
  return h("div", { class: "stack" },
    head({
      crumbs: [["Library", `/libraries/${survey.library}`]], title: `Survey of ${plural(survey.students.length, "student")}`, beside: state(survey.state),
      lead: [along(survey.settings), `Begun ${date(survey.created_at)}.`],
      actions: [["failed", "cancelled"].includes(survey.state) && goingOn(survey, reload), deleting(path, "this survey", `/libraries/${survey.library}`)],
    }),
    survey.state === "cancelled" ? note(stopped(survey)) : survey.error && keptProblem(survey.error),
    survey.state === "pending" && liveJob(survey.job, { signal, title: "Students are being measured", onChange: () => look().catch(() => {}), onEnd: reload }),
    h("section", { class: "card" }, plot.element));
}

const stopped = ({ num_measured: count, students }) =>
  `The survey was cancelled with ${count} of ${plural(students.length, "student")} measured, which are kept. “Go on” measures the others.`;

function along({ count, axis, budget, top }) {
  const within = budget ? `, and the best ${top} with ${budgetText(budget)}` : "";
  return `${plural(count, "student")} along the curve of ${AXES[axis].name}${within}. `;
}

function goingOn(survey, reload) {
  const button = h("button", { type: "button", class: "primary" }, "Go on");
  button.addEventListener("click", () => attempt(button, async () => {
    await post(`/v1/libraries/${survey.library}/surveys`, survey.settings);
    reload();
  }));
  return button;
}

const entry = (each) => ({ student: each.student, cost: each.cost, predicted: each.predicted_accuracy, measured: each.measured_accuracy, state: each.state ?? "not begun" });
