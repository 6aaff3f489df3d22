// Numbers, times and names as a person reads them.

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SCALES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
const THIN = "\u202f";

/** 134516 → 134,516 */
export const whole = (value) => WHOLE.format(value);

/** 134516 → 135 k, three significant digits. */
export function short(value) {
  const [scale, unit] = SCALES.find(([least]) => Math.abs(value) >= 0.9995 * least) ?? [1, ""];
  return `${trimmed(value / scale)}${unit && THIN + unit}`;
}

/** 0.00123 → 1.23 millinats */
export const millinats = (nats) => `${(1000 * nats).toPrecision(3)}${THIN}millinats`;

/** 4123456 → 4.12 MB */
export const size = (bytes) => `${short(bytes)}B`.replace(/(\d)B/, `$1${THIN}B`);

export const AXES = {
  parameters: { name: "parameters", title: "Parameters", show: short, exact: whole },
  macs: { name: "MACs", title: "MACs, one image", show: short, exact: whole },
  bytes: { name: "size", title: "Size of the weights", show: size, exact: (v) => `${whole(v)}${THIN}B` },
  activation_bytes: { name: "peak activations", title: "Peak of activations, one image", show: size, exact: (v) => `${whole(v)}${THIN}B` },
  latency_ms: { name: "latency", title: "Latency", show: (v) => `${trimmed(v)}${THIN}ms`, exact: (v) => `${trimmed(v)}${THIN}ms` },
  accuracy_drop: { name: "accuracy drop", title: "Accuracy drop", show: (v) => `${trimmed(v)} points`, exact: (v) => `${trimmed(v)} points` },
};

/** Three significant digits without trailing zeros. */
export function trimmed(value) {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
}

/** A share, 0…1, in percent. */
export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}${THIN}%`;

/** An accuracy that is in percent already. */
export const accuracy = (value, digits = 1) => `${value.toFixed(digits)}${THIN}%`;

/** A difference with its sign; none where it rounds to nothing. */
export function signed(value, digits = 1) {
  const size = Math.abs(value).toFixed(digits);
  return `${Number(size) === 0 ? "" : value > 0 ? "+" : "−"}${size}`;
}

/** An estimate with its standard error. */
export function estimate(found, unit = "%", digits = 1) {
  return `${found.value.toFixed(digits)} ± ${found.standard_error.toFixed(digits)}${THIN}${unit}`;
}

/** 90 % interval of a prediction, if it has one. */
export function interval(found, digits = 1) {
  if (found.low === undefined) return null;
  return `${found.low.toFixed(digits)} – ${found.high.toFixed(digits)}${THIN}%`;
}

/** Seconds in the two largest units. */
export function duration(seconds) {
  if (seconds < 1) return "under 1 s";
  const total = Math.round(seconds);
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => total >= size);
  return parts.slice(first, first + 2).map(([size, unit], place) => {
    const rest = place ? total % parts[first][0] : total;
    return [Math.floor(rest / size), unit];
  }).filter(([count]) => count).map(([count, unit]) => `${count}${THIN}${unit}`).join(" ");
}

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** In this browser's time zone. */
export const date = (text) => DATE.format(new Date(text));
export const clock = (when) => CLOCK.format(when);

/** {multiplier: 0.5} → "0.5"; with several knobs "0.5 · obc". */
export const knobs = (given) => Object.values(given).join(" · ") || "–";

/** A candidate in a word: its kind unless it is a width, and its knobs. */
export function candidateName({ kind, knobs: given }) {
  if (kind === "width") return given.multiplier === 1 ? "teacher’s own" : `× ${given.multiplier}`;
  return `${kind} ${knobs(given)}`;
}

/** A recipe's cut as words. */
export const granularity = (given) => (Array.isArray(given) ? `${given.length} listed modules` : String(given));

export const plural = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;
