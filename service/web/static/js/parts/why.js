// Why a student was chosen: its limits, what binds, how sure that is, and what came next.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { accuracy, AXES, candidateName, duration, percent } from "../format.js";
import { card, facts } from "./page.js";
import { limitsOf } from "./students.js";
import { table } from "./table.js";

const STATUS = {
  optimal: "Proven: no other selection within the budget loses less.",
  time_limit: "The best that was found before the time ran out.",
  heuristic: "The strategy proves nothing about others.",
};

export function whyCard(student, signal) {
  const { answer } = student;
  if (!answer) return card("Why this one", {}, h("p", { class: "soft" }, student.origin === "refinement" ? "It was not chosen but refined from its parent." : "It was made before reasons were kept."));
  const second = h("p", { class: "soft" });
  if (answer.runner_up) compare(student, second, signal).catch(() => {});
  return card("Why this one", { lead: [STATUS[answer.status], " ", binding(answer)] },
    h("div", { class: "stack" },
      facts([
        ["Strategy", student.strategy, `answered in ${answer.seconds < 1 ? `${Math.ceil(1000 * answer.seconds)} ms` : duration(answer.seconds)}`],
        ["Gap to the best", answer.gap === null ? "not known" : percent(answer.gap), answer.gap === 0 ? "it is the best" : null],
        ["Predicted loss", `${student.loss.toPrecision(3)} nats`, "summed KL of its parts"],
        answer.runner_up ? ["Runner-up", `${answer.runner_up.loss.toPrecision(3)} nats`, `${accuracy(answer.runner_up.predicted_accuracy.value, 2)} predicted`] : ["Runner-up", "none"],
      ]),
      second,
      limits(student)));
}

function binding({ binding: axis }) {
  if (!axis) return "No limit forbids anything better.";
  return `The limit on ${AXES[axis].name} binds: it forbids the most exchanges of a part for a better one.`;
}

function limits(student) {
  const { budget, answer } = student;
  return table([
    { name: "Limit", head: true, of: (axis) => AXES[axis].title },
    { name: "At most", number: true, of: (axis) => asked(axis, budget, student.teacher_cost) },
    { name: "Student", number: true, of: (axis) => reached(axis, student) },
    { name: "Slack", number: true, of: (axis) => (answer.slack[axis] === undefined ? "–" : AXES[axis].exact(answer.slack[axis])) },
    { name: "Binds", of: (axis) => (answer.binding === axis ? "yes" : "") },
  ], limitsOf(budget), { label: "Limits of the budget" });
}

function asked(axis, budget, whole) {
  const limit = budget[axis];
  if (typeof limit !== "string") return AXES[axis].exact(limit);
  const number = (parseFloat(limit) / 100) * whole[axis];
  return `${AXES[axis].exact(axis === "latency_ms" ? number : Math.floor(number))} (${limit})`;
}

function reached(axis, { cost, answer, budget }) {
  if (axis in cost) return AXES[axis].exact(cost[axis]);
  return answer.slack[axis] === undefined ? "–" : AXES[axis].exact(budget[axis] - answer.slack[axis]);
}

/** Tell in which parts the runner-up differs. */
async function compare(student, place, signal) {
  const { candidates } = student.answer.runner_up;
  const differing = student.selection.filter((each, index) => each.candidate !== candidates[index]);
  const words = await Promise.all(differing.slice(0, 4).map(async (each) => {
    const { items } = await get(`/v1/libraries/${student.library}/candidates?limit=500&neighbourhood=${encodeURIComponent(each.neighbourhood)}`, { signal });
    const other = items.find(({ id }) => candidates.includes(id));
    return other && `${candidateName(other)} in place of ${candidateName(each)} in ${each.neighbourhood}`;
  }));
  const more = differing.length > 4 ? `, and ${differing.length - 4} more` : "";
  fill(place, `The runner-up has ${words.filter(Boolean).join("; ")}${more}.`);
}
