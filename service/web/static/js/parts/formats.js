// The files that a student can be had as: whatever the service's own description offers.

import { description } from "../api.js";

const NAMES = {
  safetensors: "safetensors", pt2: "torch.export, .pt2", onnx: "ONNX", python: "Python file",
  standalone: "Python file", archive: "Archive with its card", zip: "Archive with its card", card: "Model card",
};
const CHECKPOINT = "/v1/students/{student_id}/checkpoint";
const BELOW = "/v1/students/{student_id}/";

/** {name, url} of every file of a student beside the plain checkpoint. */
export async function formatsOf(student) {
  const found = await description();
  return [...ofCheckpoint(found, student), ...others(found, student)];
}

function ofCheckpoint({ paths, components }, student) {
  const parameters = paths[CHECKPOINT]?.get?.parameters ?? [];
  const format = parameters.find((each) => each.name === "format");
  return values(format?.schema, components)
    .filter((value) => value !== "safetensors")
    .map((value) => ({ name: NAMES[value] ?? value, url: `/v1/students/${student}/checkpoint?format=${encodeURIComponent(value)}` }));
}

/** Any other GET of a student whose answer is no JSON is a file. */
function others({ paths }, student) {
  return Object.entries(paths)
    .filter(([path, { get: route }]) => path.startsWith(BELOW) && path !== CHECKPOINT && !path.slice(BELOW.length).includes("{") && isFile(route))
    .map(([path, { get: route }]) => ({ name: NAMES[path.slice(BELOW.length)] ?? route.summary, url: path.replace("{student_id}", student) }));
}

function isFile(route) {
  const types = Object.keys(route?.responses?.["200"]?.content ?? {});
  return types.length > 0 && !types.some((each) => each.includes("json"));
}

function values(schema, components) {
  if (!schema) return [];
  if (schema.$ref) return values(components.schemas[schema.$ref.split("/").pop()], components);
  return schema.enum ?? (schema.anyOf ?? []).flatMap((each) => values(each, components));
}
