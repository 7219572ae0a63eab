/**
 * Kinds of data, and the options that mean something for them.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";

/** Values of `dataset` that stand for a text, and for a matrix that is to become another one. */
export const [TEXT, MATRIX] = ["text", "matrix"] as const;

/** What is learnt. */
type Kind = "a text" | "images" | "a matrix";

/** Options that only some kinds of data have a use for. */
const MEANT = {
  ...{ model: ["a text", "images"], data: ["a text", "images"], old: ["a text", "images"] },
  ...{ context: ["a text"], permute: ["images"], size: ["a matrix"], targetRank: ["a matrix"] },
} as const;

/** What decides whether options fit one another. */
type Fitting = Readonly<Record<keyof typeof MEANT, string | number | boolean>> & {
  readonly dataset: string;
  readonly size: number;
  readonly targetRank: number;
};

/** Nobody shall wait for a result that what was asked for has no part in. */
export function requireFit(o: Fitting, defaults: Fitting): void {
  const kinds: Readonly<Record<string, Kind>> = { [TEXT]: "a text", [MATRIX]: "a matrix" };
  const kind = kinds[o.dataset] ?? "images";
  for (const [key, meant] of Object.entries(MEANT) as [keyof typeof MEANT, readonly Kind[]][]) {
    if (o[key] === defaults[key] || meant.includes(kind)) continue;
    throw new UsageError(
      `Cannot fine-tune on ${kind}: --${key.replace("R", "-r")} is for ${meant.join(" or ")}`,
    );
  }
  if (o.targetRank > o.size) {
    throw new UsageError(
      `Cannot set --target-rank: expected at most --size, which is ${o.size}, got ${o.targetRank}`,
    );
  }
}
