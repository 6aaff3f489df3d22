// Leaving with a student: its files, and the commands that train it further.

import { token } from "../api.js";
import { h, uniqueId } from "../dom.js";
import { AXES } from "../format.js";
import { command } from "./copy.js";
import { downloadButton } from "./download.js";
import { card } from "./page.js";

const NAMES = { pt2: "torch.export, .pt2", onnx: "ONNX", python: "Python file", zip: "Archive with its card" };

export function leaving(student, teacher, dataset) {
  const refitted = student.measurement?.checkpoint;
  return card("Take it with you", {},
    h("div", { class: "stack" },
      h("div", { class: "stack tight" },
        h("div", { class: "downloads" },
          refitted && downloadButton(refitted.url, "safetensors, refitted", { kind: "primary" }),
          downloadButton(student.checkpoint.url, "safetensors", { kind: refitted ? "" : "primary" })),
        others(student, refitted ? "&refitted=true" : ""),
        h("p", { class: "soft small" }, `${AXES.bytes.show(student.checkpoint.size_bytes)} each, weights and network in one file. `, refitted ? "The refitted file was solved again on the student’s own activations; fine-tune that one. The other formats hold it too." : "Measuring it leaves a second, refitted file."),
        h("p", { class: "soft small" }, student.licence ? `Licence, inherited from the teacher: ${student.licence}.` : "Its licence is unknown: ask whoever trained the teacher.")),
      h("div", { class: "stack tight" },
        h("h3", {}, "Fine-tune it"),
        h("p", { class: "soft small" }, "On the machine with the GPU, which needs this package but no service; ", archived(dataset)),
        command(fineTuning(student, teacher, dataset), "Commands that fine-tune the student")),
      h("div", { class: "stack tight" },
        h("h3", {}, "Load it"),
        command(`from student_search import load_student\n\nnetwork = load_student("${student.id}.safetensors")`, "Python that loads the student"))));
}

/** Every other format; those that this service cannot write are told of, with the way out. */
function others({ downloads, not_offered: lacking }, more) {
  const names = Object.keys(NAMES);
  const id = uniqueId("why");
  return [
    h("div", { class: "downloads" },
      names.filter((each) => downloads[each]).map((each) => downloadButton(downloads[each] + more, NAMES[each])),
      names.filter((each) => lacking[each]).map((each) => h("button", { type: "button", "aria-disabled": "true", "aria-describedby": id }, NAMES[each]))),
    Object.keys(lacking).length > 0 && h("p", { class: "soft small", id }, Object.values(lacking).join(" ")),
  ];
}

/** The name of the file or folder from which the images were read, if the service knows it. */
const archive = (dataset) => dataset?.source_uri?.replace(/\/+$/, "").split("/").pop() || "images.tar";

const quoted = (name) => (/^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);

function archived(dataset) {
  if (!dataset) return "images.tar stands for an archive of images with labels.";
  const link = h("a", { href: `/datasets/${dataset.id}` }, dataset.name);
  return [`${archive(dataset)} ${dataset.source_uri ? "holds the images of" : "stands for the archive that was posted as"} the data set `, link, "."];
}

function fineTuning(student, teacher, dataset) {
  const sign = token.get() ? ' -H "Authorization: Bearer $STUDENT_SEARCH_TOKEN"' : "";
  const file = student.measurement?.checkpoint ?? student.checkpoint;
  const fetched = (name, url) => `curl${sign} -o ${name} \\\n  '${location.origin}${url}'`;
  return [
    fetched(`${student.id}.safetensors`, file.url),
    fetched(`${teacher.id}.safetensors`, teacher.network.url),
    `student-search fine-tune \\\n  ${student.id}.safetensors \\\n  ${teacher.id}.safetensors \\\n  ${quoted(archive(dataset))} ${student.id}-tuned.safetensors --epochs 20`,
  ].join("\n");
}
