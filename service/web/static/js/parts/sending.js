// A file on its way: a bar, how far it is, and a button that stops it.

import { announce, h } from "../dom.js";
import { duration, size } from "../format.js";
import { done, forget, uploaded } from "../uploads.js";

const EVERY_MS = 500;

/** What a form shows while it sends a file. */
export class Sending {
  /** `left` aborts when the page is left. */
  constructor(left) {
    left?.addEventListener("abort", () => this.abort?.abort());
    this.bar = h("progress", { max: 1, value: 0, "aria-label": "Upload" });
    this.text = h("span", { class: "soft small" });
    this.stop = h("button", { type: "button", class: "quiet", onclick: () => this.abort.abort() }, "Stop sending");
    this.element = h("div", { class: "job", hidden: true }, this.bar, h("div", { class: "row" }, this.text, this.stop));
  }

  /** Send a file, then make something of it: `make(id)` is given the upload's id. */
  async send(file, make) {
    this.begin(file);
    try {
      const id = await uploaded(file, this, this.abort.signal);
      this.arrived();
      const made = await make(id);
      done(file);
      return made;
    } catch (error) {
      if (error.status === 404) forget(file);
      throw error;
    } finally {
      this.element.hidden = true;
    }
  }

  begin(file) {
    Object.assign(this, { file, abort: new AbortController(), last: 0, first: null });
    this.bar.value = 0;
    this.text.textContent = "Begins…";
    this.stop.hidden = false;
    this.element.hidden = false;
  }

  /** So many bytes have arrived. */
  sent(bytes) {
    const now = performance.now();
    this.first ??= { bytes, now };
    this.bar.value = bytes / this.file.size;
    if (now - this.last < EVERY_MS) return;
    this.last = now;
    this.text.textContent = `${size(bytes)} of ${size(this.file.size)}${this.left(bytes, now)}`;
  }

  broken() {
    this.first = null;
    this.text.textContent = "The connection broke; it is tried again, and goes on where it stopped.";
    announce(this.text.textContent);
  }

  arrived() {
    this.bar.value = 1;
    this.stop.hidden = true;
    this.text.textContent = "It has arrived and is being checked…";
  }

  left(bytes, now) {
    const seconds = (now - this.first.now) / 1000;
    const fresh = bytes - this.first.bytes;
    if (seconds < 1 || fresh <= 0) return "";
    return `, about ${duration((seconds * (this.file.size - bytes)) / fresh)} left`;
  }
}
