/**
 * Numbers as people read them.
 *
 * @module
 */

/**
 * A duration with the unit that suits it, such as `15 ms`, `12.3 s`, `3 min 05 s` or `1 h 02 min`.
 *
 * @param seconds The duration.
 * @returns Text of at most 12 characters; `–` when it is not finite.
 */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 0.9995e-3) return `${significant(seconds * 1e6)} µs`;
  if (size < 0.9995) return `${significant(seconds * 1e3)} ms`;
  if (size < 59.95) return `${significant(seconds)} s`;
  return formatLong(Math.round(seconds));
}

function formatLong(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** Three significant digits, without an exponent. */
function significant(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 2));
}

/**
 * A whole number with commas between the thousands, such as `1,234,567`.
 *
 * @param count The number; rounded.
 * @returns The text; `–` when it is not finite.
 */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return "–";
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * A fraction in percent, such as `97.65 %`.
 *
 * @param fraction 1 is 100 %.
 * @param digits Digits after the point; default 1.
 * @returns The text; `–` when it is not finite.
 */
export function formatPercent(fraction: number, digits: number = 1): string {
  return Number.isFinite(fraction) ? `${(100 * fraction).toFixed(digits)} %` : "–";
}

/**
 * A real number with a fixed count of significant digits, in scientific notation where it is
 * very large or very small.
 *
 * @param value The number.
 * @param digits Significant digits; default 4.
 * @returns The text; `NaN` and `∞` are written as such.
 */
export function formatNumber(value: number, digits: number = 4): string {
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞");
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1);
  return rounded.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
}

/**
 * A number of bytes in binary units, such as `9.9 MiB`.
 *
 * @param bytes The number.
 * @returns The text.
 */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = bytes;
  for (; value >= 1023.95 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The value of a measure as people read it, such as `98.70 %`. */
export function formatMeasure(
  { percent = false, value }: { readonly percent?: boolean; readonly value: number },
): string {
  return percent ? formatPercent(value, 2) : formatNumber(value);
}
