// Colours of plots: those of the pages, so that both follow light and dark.

const NAMES = ["paper", "surface", "sunken", "ink", "soft", "line", "edge", "blue", "orange", "green", "purple", "sky"];
const DARK = matchMedia("(prefers-color-scheme: dark)");

// Cividis (Nuñez, Anderton, Renslow 2018): even in lightness, the same for the colour-blind.
const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];

/** Colours by name, as they are now. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const found = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...found, isDark: DARK.matches };
}

/** Call when light turns to dark or back. */
export function onThemeChange(action, signal) {
  DARK.addEventListener("change", action, { signal });
}

/** From little to much; what stands out against the page is much, in light and in dark. */
export const ramp = (isDark) => (isDark ? CIVIDIS : CIVIDIS.slice().reverse());

/** The colour at a place, 0…1, of those along a ramp; a hex colour. */
export function between(stops, place) {
  const at = Math.min(Math.max(place, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const mixed = [1, 3, 5].map((from) => {
    const [a, b] = [stops[low], stops[low + 1]].map((each) => parseInt(each.slice(from, from + 2), 16));
    return Math.round(a + (at - low) * (b - a)).toString(16).padStart(2, "0");
  });
  return `#${mixed.join("")}`;
}

/** Black or white, whichever is read better on a hex colour. */
export function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#101316" : "#ffffff";
}

export const MARKS = {
  exact: ["circle", "blue"],
  uniform: ["rect", "orange"],
  greedy: ["triangle", "green"],
  threshold: ["arrow", "sky"],
};
export const OTHER_MARK = ["diamond", "purple"];
export const STAR = "path://M12 1l3.1 7.3 7.9.7-6 5.2 1.8 7.8L12 17.9 5.2 22 7 14.2 1 9l7.9-.7z";

/** What all axes have in common. */
export function axis(theme, more = {}) {
  return {
    axisLine: { show: true, lineStyle: { color: theme.edge } },
    axisTick: { show: true, lineStyle: { color: theme.edge } },
    axisLabel: { color: theme.soft, fontSize: 12, fontFamily: "Inter" },
    splitLine: { show: true, lineStyle: { color: theme.line } },
    nameTextStyle: { color: theme.soft, fontSize: 12, fontFamily: "Inter" },
    nameLocation: "middle",
    ...more,
  };
}
