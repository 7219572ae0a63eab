/**
 * Ranks as they are named: `layer.weight` for a matrix, `layer.weight/mode` for each mode of a
 * Tucker tensor.
 *
 * @module
 */

/** The ranks of one weight. */
export interface WeightRanks {
  /** Name of the weight. */
  readonly weight: string;
  /** Names of the ranks in the record. */
  readonly keys: readonly string[];
  /** Names of the modes, in their order; one empty text for a matrix. */
  readonly modes: readonly string[];
}

/**
 * Gathers the ranks of each weight.
 *
 * @param names Names of ranks.
 * @returns Weights in the order in which they are first named.
 */
export function byWeight(names: Iterable<string>): WeightRanks[] {
  const found = new Map<string, { keys: string[]; modes: string[] }>();
  for (const key of names) {
    const slash = key.lastIndexOf("/");
    const weight = slash < 0 ? key : key.slice(0, slash);
    const entry = found.get(weight) ?? { keys: [], modes: [] };
    found.set(weight, entry);
    entry.keys.push(key);
    entry.modes.push(slash < 0 ? "" : key.slice(slash + 1));
  }
  return [...found].map(([weight, entry]) => ({ weight, ...entry }));
}

/**
 * Ranks for people: one number for a matrix, `12×20` for a Tucker tensor, weights side by side.
 *
 * @param ranks Ranks by name.
 */
export function rankText(ranks: Readonly<Record<string, number>>): string {
  return byWeight(Object.keys(ranks))
    .map(({ keys }) => keys.map((key) => ranks[key]).join("×"))
    .join(" ");
}
