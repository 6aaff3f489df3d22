// How pixels become what a network takes, channel by channel.

import { h } from "../dom.js";
import { amounts } from "./amounts.js";
import { field, input } from "./form.js";
import { Misread } from "./marks.js";

const IMAGENET = { mean: "0.485, 0.456, 0.406", std: "0.229, 0.224, 0.225" };
const SAYS = { mean: "Pixels from 0 to 1 become (pixel − mean) / std.", std: "One number stands for all channels." };
const CHECK = " These are ImageNet’s; they have to be those with which the network was trained.";

/** Two fields that begin with ImageNet's values, and say so for as long as they hold them. */
export function preprocessingFields() {
  return h("div", { class: "fields wide" },
    filled("mean", "Mean of each channel"), filled("std", "Standard deviation"));
}

/** {mean, std} of such fields, each with a number for every channel. Throws Misread. */
export function preprocessingOf(data, channels) {
  const read = Object.keys(IMAGENET).map((name) => [name, listed(name, amounts(data.get(name)), channels)]);
  const faults = read.filter(([, found]) => typeof found === "string");
  if (faults.length > 0) throw new Misread(Object.fromEntries(faults));
  return Object.fromEntries(read);
}

function filled(name, label) {
  const control = input(name, { required: true, value: IMAGENET[name] });
  const hint = h("span");
  const tell = () => { hint.textContent = SAYS[name] + (control.value.trim() === IMAGENET[name] ? CHECK : ""); };
  control.addEventListener("input", tell);
  tell();
  return field(label, control, hint);
}

/** The numbers, or a sentence on what is wrong with them. */
function listed(name, found, channels) {
  if (!found) return "Write numbers parted by commas, such as 0.5, 0.5, 0.5; or one for all channels.";
  if (name === "std" && found.some((each) => each <= 0)) return "Standard deviations are above 0.";
  if (found.length === 1) return Array(channels).fill(found[0]);
  return found.length === channels ? found : `These are ${found.length} numbers, but there ${channels === 1 ? "is 1 channel" : `are ${channels} channels`}. Write one for each, or one for all.`;
}
