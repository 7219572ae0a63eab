import { inspect } from "node:util";

/** Longest product of line counts for which the exact line difference is searched. */
const EXACT_LIMIT = 4_000_000;

/** Lines of agreement that are kept around a difference. */
const CONTEXT = 3;

/**
 * Renders a value on several lines with sorted keys, long arrays shortened.
 *
 * @param value Anything.
 * @returns Text for people.
 */
export function render(value: unknown): string {
  return inspect(value, {
    depth: null,
    sorted: true,
    compact: false,
    breakLength: 100,
    maxArrayLength: 2000,
    maxStringLength: 20_000,
  });
}

/**
 * Lists by line what separates two values: `-` only in actual, `+` only in expected.
 *
 * @param actual What was found.
 * @param expected What was wanted.
 * @returns Lines for people, with unchanged stretches left out.
 */
export function difference(actual: unknown, expected: unknown): string {
  const a = linesOf(actual, expected);
  const b = linesOf(expected, actual);
  if (a.join("\n") === b.join("\n")) {
    return `    ${a.slice(0, 20).join("\n    ")}\n    (rendered alike, yet not equal: look at ` +
      `constructors or beyond the shortened part)`;
  }
  return abridge(lineDifference(a, b)).map((line) => `    ${line}`).join("\n");
}

/** Strings that both have lines are compared by their own lines. */
function linesOf(value: unknown, other: unknown): string[] {
  if (typeof value === "string" && typeof other === "string") return value.split("\n");
  return render(value).split("\n");
}

function lineDifference(a: string[], b: string[]): string[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head && tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) tail++;
  return [
    ...a.slice(0, head).map((line) => `  ${line}`),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map((line) => `  ${line}`),
  ];
}

/** Difference of two line lists by their longest common subsequence. */
function middle(a: string[], b: string[]): string[] {
  if (a.length * b.length > EXACT_LIMIT) {
    return [...a.map((line) => `- ${line}`), ...b.map((line) => `+ ${line}`)];
  }
  const lengths = commonLengths(a, b);
  const width = b.length + 1;
  const out: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push(`  ${a[i++]}`);
      j++;
    } else if (
      j >= b.length ||
      (i < a.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
    ) {
      out.push(`- ${a[i++]}`);
    } else {
      out.push(`+ ${b[j++]}`);
    }
  }
  return out;
}

/** Entry (i, j) is the length of the longest common subsequence of a[i..] and b[j..]. */
function commonLengths(a: string[], b: string[]): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j]
        ? lengths[(i + 1) * width + j + 1]! + 1
        : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  return lengths;
}

/** Replaces long stretches of agreement by one line that counts them. */
function abridge(lines: string[]): string[] {
  const changed = lines.map((line) => !line.startsWith("  "));
  const near = lines.map((_, i) => changed.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1));
  const out: string[] = [];
  let hidden = 0;
  const flush = (): void => {
    if (hidden > 0) out.push(`  … ${hidden} equal lines`);
    hidden = 0;
  };
  lines.forEach((line, i) => {
    if (!near[i]!.includes(true)) return void hidden++;
    flush();
    out.push(line);
  });
  flush();
  return out;
}
