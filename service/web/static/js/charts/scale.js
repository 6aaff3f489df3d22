// A logarithmic scale with ticks where a person expects them.

/** 1, 2 and 5 times powers of ten from `low` to `high`; fewer where there would be too many. */
export function ticks(low, high, most = 9) {
  for (const digits of [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const found = marks(low, high, digits);
    if (found.length <= most) return found;
  }
  return marks(low, high, [1]);
}

function marks(low, high, digits) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const digit of digits) {
      const value = digit * 10 ** power;
      if (value >= low * 0.9999 && value <= high * 1.0001) found.push(value);
    }
  }
  return found;
}

/** Both ends with some room, in log10. */
export function extent(values, room = 0.04) {
  const logs = values.filter((each) => each > 0).map(Math.log10);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const margin = room * (high - low) || 0.1;
  return [low - margin, high + margin];
}
