// Numbers and shares as people type them.

const SCALES = { "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const GROUPED = /^\d{1,3}(?:[,\s]\d{3})+(?:\.\d+)?$/;
const PLAIN = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** 20000, 20,000, 20 000, 1e4 or 20k, with or without `unit`; null where it is unclear. */
export function amount(text, unit = "") {
  const bare = text.trim().replace(new RegExp(`${unit}$`), "").trim();
  const [, digits, scale] = /^(.*?)\s*([kKMGT]?)$/.exec(bare);
  const plain = GROUPED.test(digits) ? digits.replaceAll(/[,\s]/g, "") : digits;
  if (!PLAIN.test(plain)) return null;
  const value = Number((Number(plain) * SCALES[scale]).toPrecision(15));
  return Number.isFinite(value) ? value : null;
}

/** "50 %" as "50%", which the service takes; null for what is no share above none. */
export function share(text) {
  const found = /^(\d{1,4}(?:\.\d{1,6})?)\s*%$/.exec(text.trim());
  return found && Number(found[1]) > 0 ? `${found[1]}%` : null;
}

/** Numbers that are parted by commas, semicolons or spaces; null if one cannot be read. */
export function amounts(text) {
  const found = text.split(/[\s,;]+/).filter(Boolean).map((each) => (PLAIN.test(each.replace(/^-/, "")) ? Number(each) : NaN));
  return found.length > 0 && found.every(Number.isFinite) ? found : null;
}
