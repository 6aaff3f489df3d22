// More work on a student, which makes another one.

import { post } from "../api.js";
import { h } from "../dom.js";
import { plural } from "../format.js";
import { field, form, input } from "./form.js";
import { liveJob } from "./job.js";
import { card, state } from "./page.js";
import { keptProblem } from "./problem.js";
import { table } from "./table.js";

export function refinementsCard(student, refinements, { signal, reload }) {
  const pending = refinements.find((each) => each.state === "pending");
  const steps = input("steps", { type: "number", min: 0, max: 1_000_000, value: 500, required: true });
  const send = async (data) => {
    await post(`/v1/students/${student.id}/refinements`, { steps: Number(data.get("steps")) });
    reload();
  };
  return card("Refine it", { lead: "Every part is made again on the student’s own activations and measured on the same images. The result is a new student; this one stays." },
    h("div", { class: "stack" },
      pending ? liveJob(pending.job, { signal, title: "A refinement runs", onEnd: reload }) : form("Refine", [field("Gradient steps for every part", steps)], send),
      refinements.filter((each) => each.error).map((each) => keptProblem(each.error)),
      refinements.length > 0 && list(refinements)));
}

function list(refinements) {
  return table([
    { name: "Refinement", head: true, of: (each) => (each.result ? h("a", { href: `/students/${each.result}` }, plural(each.settings.steps, "step")) : plural(each.settings.steps, "step")) },
    { name: "State", of: (each) => state(each.state) },
    { name: "Verdict", of: (each) => each.verdict ?? "–" },
  ], refinements, { label: "Refinements" });
}
