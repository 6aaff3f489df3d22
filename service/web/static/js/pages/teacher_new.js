// Posting a teacher: its file and its recipe.

import { postForm } from "../api.js";
import { h } from "../dom.js";
import { choices, field, fields, form, group, input } from "../parts/form.js";
import { head } from "../parts/page.js";
import { preprocessingFields, preprocessingOf } from "../parts/preprocessing.js";
import { go } from "../router.js";

const KNOWN = ["cifar_resnet20", "cifar_resnet32", "cifar_resnet44", "cifar_resnet56", "resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "swin_t", "vit_b_16"];
const PLACES = { "preprocessing.mean": "mean", "preprocessing.std": "std", "kwargs.num_classes": "num_classes", "input.0": "channels", "input.1": "height", "input.2": "width", upload: "weights" };

export async function page({ signal }) {
  const architecture = named();
  const toggle = (event) => { architecture.hidden = event.target.value !== "named"; };
  const file = h("input", { type: "file", name: "weights", required: true, accept: ".safetensors,.pth,.pt,.pt2" });
  file.addEventListener("change", () => holding(file));
  return h("div", {},
    head({ crumbs: [["Teachers", "/"]], title: "Post a teacher", lead: "The file is checked before anything else is done with it; nothing in it is executed or unpickled." }),
    form("Post the teacher", [
      field("Name", input("name", { required: true, maxlength: 200, placeholder: "ResNet-20 on CIFAR-10" })),
      field("File", file,
        "Weights as .safetensors or as a state dict of torch.save (.pth, .pt); or a .pt2 of torch.export.save, which brings its own network."),
      choices("What the file holds", "holds", [
        ["named", "Weights of a known architecture", "A CIFAR ResNet, or a classifier of torchvision or timm."],
        ["own", "A whole network", "A .pt2, or the file of a student or a teacher of this service."],
      ], "named", toggle),
      architecture,
      images(),
      licence(),
    ], send, { left: signal, places: PLACES }));
}

/** A .pt2 always brings its own network, and what torch.save wrote never does. */
function holding(file) {
  const [, ending] = /\.(pt2|pth|pt)$/i.exec(file.files[0]?.name ?? "") ?? [];
  if (ending) file.form.querySelector(`[name=holds][value=${ending.toLowerCase() === "pt2" ? "own" : "named"}]`).click();
}

function named() {
  const list = h("datalist", { id: "architectures" }, KNOWN.map((value) => h("option", { value })));
  return group("Architecture",
    fields(
      field("Name of the architecture", input("architecture", { list: "architectures", placeholder: "cifar_resnet20" })),
      field("Number of classes", input("num_classes", { type: "number", min: 2, placeholder: "the builder’s own" }))),
    list);
}

function images() {
  return group("Images that it takes",
    fields(
      field("Channels", input("channels", { type: "number", min: 1, max: 64, value: 3, required: true })),
      field("Height", input("height", { type: "number", min: 8, max: 1024, value: 32, required: true })),
      field("Width", input("width", { type: "number", min: 8, max: 1024, value: 32, required: true }))),
    preprocessingFields());
}

const LICENCES = ["Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC0-1.0", "GPL-3.0-only", "AGPL-3.0-only", "MPL-2.0"];

function licence() {
  const list = h("datalist", { id: "licences" }, LICENCES.map((value) => h("option", { value })));
  return [
    field("Licence of the weights", input("licence", { list: "licences", maxlength: 200, placeholder: "unknown" }),
      "May be left out. An SPDX name such as Apache-2.0, or any words in one line; students inherit it, and their model cards tell it."),
    list,
  ];
}

async function send(data, sending) {
  const body = new FormData();
  body.set("name", data.get("name"));
  body.set("recipe", JSON.stringify(recipeOf(data)));
  if (data.get("licence").trim()) body.set("licence", data.get("licence"));
  const teacher = await sending.send(data.get("weights"), (upload) => {
    body.set("upload", upload);
    return postForm("/v1/teachers", body);
  });
  go(`/teachers/${teacher.id}`);
}

function recipeOf(data) {
  const shape = ["channels", "height", "width"].map((name) => Number(data.get(name)));
  const recipe = { input: shape, preprocessing: preprocessingOf(data, shape[0]) };
  if (data.get("holds") !== "named") return recipe;
  const kwargs = data.get("num_classes") ? { num_classes: Number(data.get("num_classes")) } : {};
  if (shape[0] !== 3) kwargs.in_channels = shape[0];
  return { architecture: data.get("architecture").trim() || null, kwargs, ...recipe };
}
