// A measured search: its trials as they come in, the best of them, and the student that came of it.

import { all, get, post } from "../api.js";
import { trialsPlot } from "../charts/trials.js";
import { fill, h } from "../dom.js";
import { accuracy, date, estimate, plural } from "../format.js";
import { attempt, deleting } from "../parts/ask.js";
import { Candidates } from "../parts/candidates.js";
import { liveJob } from "../parts/job.js";
import { card, facts, head, link, note, state } from "../parts/page.js";
import { keptProblem } from "../parts/problem.js";
import { recipeOf } from "../parts/recipe.js";
import { budgetText } from "../parts/students.js";

export async function page(context) {
  const { params, signal, reload } = context;
  const path = `/v1/searches/${params.id}`;
  const fetched = () => Promise.all([get(path, { signal }), all(`${path}/trials?limit=500`, { signal })]);
  const [search, trials] = await fetched();
  const shown = { trials };
  const candidates = new Candidates();
  candidates.load(search.library, signal, () => {}).catch(() => {});
  const plot = trialsPlot(shown, { ...context, recipe: (choices) => recipeOf(choices, candidates, { most: 9 }) });
  const outcome = h("div", {}, standing(search));
  const look = async () => {
    const [now, known] = await fetched();
    shown.trials = known;
    fill(outcome, standing(now));
    plot.redraw();
  };
  return h("div", { class: "stack" },
    head({
      crumbs: [["Library", `/libraries/${search.library}`]], title: "Measured search", beside: state(search.state),
      lead: `The most accurate student with ${budgetText(search.budget)}. Begun ${date(search.created_at)}.`,
      actions: [
        search.student && link("Open the best student", `/students/${search.student}`, "primary"),
        ["failed", "cancelled"].includes(search.state) && goingOn(search, reload),
        deleting(path, "this search with its trials", `/libraries/${search.library}`),
      ],
    }),
    search.state === "cancelled" ? note(stopped(search)) : search.error && keptProblem(search.error),
    search.state === "pending" && liveJob(search.job, { signal, title: "Students are being made and measured", onChange: () => look().catch(() => {}), onEnd: reload }),
    card("How it stands", {}, outcome),
    h("section", { class: "card" }, plot.element));
}

const stopped = ({ num_trials: count, student }) =>
  `The search was cancelled${count ? `; ${plural(count, "trial")} that it had measured ${count === 1 ? "is" : "are"} kept` : " before its first trial"}${student ? ", and the best is a student" : ""}. “Go on” takes it up where it stopped.`;

function standing({ settings, num_trials: count, first, best, labels_from: labels, student, state: now }) {
  const gain = best && best.score.accuracy.value - first.score.accuracy.value;
  return h("div", { class: "stack tight" },
    facts([
      ["Trials", `${count} of ${settings.trials}`, `Optuna, ${settings.sampler === "tpe" ? "TPE" : "NSGA-II"}, seed ${settings.seed}`],
      ["The best so far", best && accuracy(best.score.accuracy.value), best && `trial ${best.number + 1}, ± ${best.score.accuracy.standard_error.toFixed(1)}`],
      ["What the exact strategy finds", first && accuracy(first.score.accuracy.value), first && estimate(first.score.accuracy)],
      ["Gained by searching", best && `${gain.toFixed(2)} points`, best && best.number === 0 ? "the first is still the best" : "on the images on which it chooses"],
      ["Refit of each", plural(settings.refit_steps, "step"), settings.refit_steps ? null : "the closed form alone"],
    ]),
    labels === "teacher" && note("There were no labels: accuracy is agreement with the teacher."),
    now === "ready" && student && note("Measure the student to learn what it reaches on images that the search has not seen."));
}

function goingOn(search, reload) {
  const button = h("button", { type: "button", class: "primary" }, "Go on");
  button.addEventListener("click", () => attempt(button, async () => {
    await post(`/v1/libraries/${search.library}/searches`, { budget: search.budget, ...search.settings });
    reload();
  }));
  return button;
}
