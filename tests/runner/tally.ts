import type { TestCase } from "./junit.ts";

/** What a gate or a group of tests found. */
export interface Outcome {
  /** Every counted item, passed or not. */
  readonly cases: readonly TestCase[];
  /** Wall time in seconds. */
  readonly seconds: number;
}

/** Counts by status. */
export interface Tally {
  /** Held. */
  readonly passed: number;
  /** Did not hold. */
  readonly failed: number;
  /** Not run here, for the reason in the name. */
  readonly skipped: number;
}

/** Counts cases by status. */
export function tally(cases: readonly TestCase[]): Tally {
  const count = (status: TestCase["status"]): number =>
    cases.filter((c) => c.status === status).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

/** The closing line: `N passed, N failed`, with `, N skipped` when there are any. */
export function closingLine(t: Tally): string {
  const line = `${t.passed} passed, ${t.failed} failed`;
  return t.skipped > 0 ? `${line}, ${t.skipped} skipped` : line;
}

/** One line about a finished group: verdict, title, counts, time. */
export function groupLine(title: string, outcome: Outcome): string {
  const t = tally(outcome.cases);
  const verdict = t.failed > 0 ? "FAIL" : "ok";
  return `${verdict.padEnd(5)} ${title.padEnd(34)} ${closingLine(t)} ` +
    `(${outcome.seconds.toFixed(1)} s)`;
}

/** The failures of all groups, each with its message indented, for people. */
export function failureText(cases: readonly TestCase[]): string {
  return cases.filter((c) => c.status === "failed")
    .map((c) => `FAILED ${c.name}\n  in ${c.suite}\n${indent(shorten(c.message))}\n`)
    .join("\n");
}

/**
 * The skipped tests by reason, the most frequent first: one line each with their count, and with
 * the test itself where it is the only one.
 */
export function skippedText(cases: readonly TestCase[]): string {
  const skipped = cases.filter((c) => c.status === "skipped").map(splitReason);
  const groups = [...Map.groupBy(skipped, (s) => s.reason)].sort(([, a], [, b]) =>
    b.length - a.length
  );
  return groups.map(([reason, tests]) => {
    const only = tests.length === 1 ? `: ${tests[0]!.title}` : "";
    return `${String(tests.length).padStart(6)}  ${reason}${only}`;
  }).join("\n");
}

/** A skipped test carries its reason at the end of its name, as in `title (skipped: reason)`. */
function splitReason({ name }: TestCase): { title: string; reason: string } {
  const [, title, reason] = /^(.*?) \(skipped: (.*)\)$/s.exec(name) ?? [];
  return { title: title ?? name, reason: reason ?? "no reason in the name" };
}

function indent(text: string): string {
  return text.trimEnd().split("\n").map((line) => `    ${line}`).join("\n");
}

/** Keeps the first and the last lines of a long text, where the causes are. */
function shorten(text: string, most = 60): string {
  const lines = text.split("\n");
  if (lines.length <= most) return text;
  const half = Math.floor(most / 2);
  const hidden = lines.length - 2 * half;
  return [...lines.slice(0, half), `… ${hidden} lines`, ...lines.slice(-half)].join("\n");
}
