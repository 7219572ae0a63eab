/** Longest file, in lines, that needs no reason. */
export const LONGEST = 500;

/** Files that may be longer, with the reason. */
export const LONG_FOR_A_REASON: Readonly<Record<string, string>> = {};

/** Lengths of the files of one folder. */
export interface Lengths {
  /** Files counted. */
  readonly files: number;
  /** Lines of the middle file. */
  readonly median: number;
  /** Share of files below 300 lines, from 0 to 1. */
  readonly under300: number;
  /** Lines of the longest file. */
  readonly longest: number;
}

/** Summarises line counts. */
export function lengthsOf(counts: readonly number[]): Lengths {
  const sorted = [...counts].sort((a, b) => a - b);
  return {
    files: sorted.length,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    under300: sorted.filter((n) => n < 300).length / Math.max(1, sorted.length),
    longest: sorted.at(-1) ?? 0,
  };
}

/**
 * Files that are too long.
 *
 * @param lines Line counts by path.
 * @param excused Paths with the reason why they may be longer.
 */
export function tooLong(
  lines: ReadonlyMap<string, number>,
  excused: Readonly<Record<string, string>> = LONG_FOR_A_REASON,
): string[] {
  return [...lines].filter(([path, n]) => n > LONGEST && !(path in excused))
    .map(([path, n]) => `${path} has ${n} lines`);
}

/** Whether a path is spelled in lower case with underscores, as file names are here. */
export function isSnakeCase(path: string): boolean {
  return path.split("/").every((part) => /^_?[a-z0-9]+(?:_[a-z0-9]+)*(?:\.[a-z0-9]+)?$/.test(part));
}
