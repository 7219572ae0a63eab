/** What a check of robustness counted. */

/** Counts by what happened, and what should not have. */
export interface Tally {
  /** How often, by what. */
  readonly counts: Readonly<Record<string, number>>;
  /** A line for each fault. */
  readonly faults: readonly string[];
}

/** Faults after which a check ends. */
const ENOUGH = 5;

/** Counts while a check runs. */
export class Counter {
  readonly #counts = new Map<string, number>();
  readonly #faults: string[] = [];

  /** Counts something that may happen. */
  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Notes a fault unless a condition holds. */
  expect(holds: boolean, fault: string): void {
    if (!holds) this.#faults.push(brief(fault));
  }

  /** Notes a fault unless values are equal as JSON. */
  expectEqual(got: unknown, expected: unknown, what: string): void {
    const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
    this.expect(a === b, `${what}: expected ${start(b)}, got ${start(a)}`);
  }

  /** Whether there are so many faults that more say nothing new. */
  get hopeless(): boolean {
    return this.#faults.length >= ENOUGH;
  }

  /** What was counted. */
  get tally(): Tally {
    return { counts: Object.fromEntries(this.#counts), faults: this.#faults };
  }
}

/** One line for people. */
export function tallyLine(name: string, { counts, faults }: Tally): string {
  const parts = Object.entries(counts).map(([what, n]) => `${n} ${what}`);
  const wrong = faults.length === 0 ? "no fault" : `${faults.length} FAULTS`;
  return `${name}: ${[...parts, wrong].join(", ")}`;
}

/** The beginning of what may be long. */
function start(json: string | undefined): string {
  return json === undefined || json.length <= 200 ? `${json}` : `${json.slice(0, 200)}…`;
}

/** The beginning and, as that is where errors stand, the end of what a program wrote. */
function brief(text: string): string {
  return text.length <= 1000 ? text : `${text.slice(0, 200)} … ${text.slice(-700)}`;
}
