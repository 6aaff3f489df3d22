// Posting images: an archive, or a place that the server may read.

import { post } from "../api.js";
import { h } from "../dom.js";
import { choices, field, form, input } from "../parts/form.js";
import { head } from "../parts/page.js";
import { go } from "../router.js";

export async function page({ signal }) {
  const archive = h("input", { type: "file", name: "archive", required: true, accept: ".tar,.zip,.gz,.tgz,.xz,.bz2" });
  const uri = input("uri", { placeholder: "file:///data/images" });
  const [byFile, byUri] = [
    field("Archive", archive, "tar or zip, with one folder of images for each class: cat/1.png, dog/2.png …; or train/cat/… and test/cat/…"),
    field("Address", uri, "file:// and a path below one of the folders that the service may read (its setting data_roots)."),
  ];
  byUri.hidden = true;
  const toggle = ({ target }) => {
    byFile.hidden = target.value !== "file";
    byUri.hidden = target.value === "file";
    archive.required = !byFile.hidden;
    uri.required = !byUri.hidden;
  };
  return h("div", {},
    head({ crumbs: [["Data sets", "/datasets"]], title: "Post a data set", lead: "Nothing is resized: all images must have one size, and it must be the one that the teacher takes. Folders in alphabetical order are the outputs 0, 1, … of the network." }),
    form("Post the data set", [
      field("Name", input("name", { required: true, maxlength: 200, placeholder: "CIFAR-10" })),
      choices("Where the images are", "where", [
        ["file", "In an archive on this machine", null],
        ["uri", "On the server", null],
      ], "file", toggle),
      byFile, byUri,
    ], send, { left: signal }));
}

async function send(data, sending) {
  const name = data.get("name");
  const posted = (place) => post("/v1/datasets", { name, ...place });
  const dataset = data.get("where") === "uri" ? await posted({ uri: data.get("uri") }) : await sending.send(data.get("archive"), (upload) => posted({ upload }));
  go(`/datasets/${dataset.id}`);
}
