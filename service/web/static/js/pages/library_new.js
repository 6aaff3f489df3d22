// Building a library: what its candidates are made from and how.

import { all, get, post } from "../api.js";
import { h } from "../dom.js";
import { amounts } from "../parts/amounts.js";
import { choices, field, fields, form, group, input, select } from "../parts/form.js";
import { Misread } from "../parts/marks.js";
import { empty, head, link, note } from "../parts/page.js";
import { go } from "../router.js";

const PLACES = { "kinds.width": "multipliers", "kinds.sparse": "sparsities" };

export async function page({ params, signal }) {
  const [teacher, datasets] = await Promise.all([
    get(`/v1/teachers/${params.id}`, { signal }),
    all("/v1/datasets?limit=500&state=ready", { signal }),
  ]);
  const crumbs = [["Teachers", "/"], [teacher.name, `/teachers/${teacher.id}`]];
  const title = "Build a library";
  if (teacher.state !== "ready") return h("div", {}, head({ crumbs, title }), empty("The teacher is not ready", "Its job has to succeed first.", link("Open the teacher", `/teachers/${teacher.id}`, "primary")));
  return h("div", {},
    head({ crumbs, title, lead: "Every neighbourhood of the teacher gets a candidate for every setting below. Each is solved in closed form, refined by a few gradient steps and scored." }),
    form("Build the library", [inputs(teacher, datasets), kinds(), effort(), more()], (data) => send(teacher, data), { places: PLACES }));
}

function inputs(teacher, datasets) {
  const suited = datasets.filter((each) => String(each.contents.shape) === String(teacher.recipe.input));
  const options = suited.map((each) => [each.id, each.name]);
  const dataset = select("dataset", options, options[0]?.[0] ?? null, { disabled: options.length === 0 });
  const images = field("Data set", dataset);
  const begin = options.length > 0 ? "images" : "matched";
  images.hidden = begin !== "images";
  return h("div", { class: "stack tight" },
    options.length === 0 && note(`No data set that is ready has images of ${teacher.recipe.input.join(" × ")}, which this teacher takes. A library can be made without images; accuracies are then agreement with the teacher.`, true),
    choices("Inputs", "inputs", [
      ...(options.length > 0 ? [["images", "Images of a data set", null]] : []),
      ["matched", "No images: some are made to match the teacher’s BatchNorms", null],
      ["gaussian", "No images: Gaussian noise, as in the paper", null],
    ], begin, ({ target }) => { images.hidden = target.value !== "images"; }),
    images);
}

function kinds() {
  const sparsities = field("Sparsities", input("sparsities", { value: "0.5, 0.75" }), "Shares of weights that become zero.");
  sparsities.hidden = true;
  const toggle = ({ target }) => { sparsities.hidden = !target.checked; };
  const id = "with-sparse";
  return group("Candidates",
    field("Width multipliers", input("multipliers", { required: true, value: "0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9" }), "Shares of the inner channels that are kept; 1, the teacher itself, is always among them."),
    h("div", { class: "choice" },
      h("input", { type: "checkbox", name: "sparse", id, onchange: toggle }),
      h("label", { for: id }, "Sparse candidates too"),
      h("span", { class: "hint soft small" }, "Of the full width, with weights that are zero; solved in closed form.")),
    sparsities);
}

function effort() {
  return group("Effort", fields(
    field("Refinement steps", input("steps", { type: "number", min: 0, max: 1_000_000, value: 50, required: true }), "For each candidate; 0 is the closed form alone."),
    field("Images to calibrate on", input("calibration_images", { type: "number", min: 16, value: 2000, required: true })),
    field("Images to score on", input("scoring_images", { type: "number", min: 16, value: 2000, required: true }))));
}

function more() {
  return h("details", {}, h("summary", {}, "More settings"),
    h("div", { class: "form" },
      fields(
        field("How the teacher is cut", input("granularity", { value: "block", required: true }), "block, pair, layer, or about how many neighbourhoods."),
        field("Widths in multiples of", input("width_multiple", { type: "number", min: 1, max: 256, value: 1 }), "8 suits most GPUs."),
        field("Seed", input("seed", { type: "number", min: 0, value: 0 }))),
      field("Other settings as JSON", h("textarea", { name: "other", spellcheck: "false", placeholder: '{"look_ahead": [1, 0.5]}' }),
        h("span", {}, "Any field of the recipe; they win over those above. ", h("a", { href: "/docs" }, "/docs"), " explains each."))));
}

async function send(teacher, data) {
  const library = await post(`/v1/teachers/${teacher.id}/libraries`, bodyOf(data));
  go(`/libraries/${library.id}`);
}

function bodyOf(data) {
  const number = (name) => Number(data.get(name));
  const made = data.get("inputs");
  const cut = data.get("granularity").trim();
  const kinds = { width: { multiplier: shares(data, "multipliers") } };
  if (data.get("sparse")) kinds.sparse = { sparsity: shares(data, "sparsities"), method: ["obc"] };
  return {
    ...(made === "images" ? { dataset: data.get("dataset") } : { inputs: made }),
    kinds, steps: number("steps"), calibration_images: number("calibration_images"), scoring_images: number("scoring_images"),
    granularity: /^\d+$/.test(cut) ? Number(cut) : cut, width_multiple: number("width_multiple"), seed: number("seed"),
    ...other(data.get("other")),
  };
}

function shares(data, name) {
  const found = amounts(data.get(name));
  if (!found) throw new Misread({ [name]: "Write shares from 0 to 1 parted by commas, such as 0.25, 0.5." });
  return found;
}

function other(text) {
  if (!text.trim()) return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Misread({ other: `This is not valid JSON: ${error.message}.` });
  }
}
