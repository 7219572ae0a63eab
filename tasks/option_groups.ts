/**
 * What the options of recipes are about, for `--help`.
 *
 * @module
 */

/** Options that several recipes have, by what they are about and as they are typed. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "data": [
    ...["dataset", "train-count", "test-count", "held-out", "augmentation", "data", "offline"],
    ...["tokenizer", "context"],
  ],
  "network and its weights": [
    ...["network", "width", "depth", "dropout", "normalise", "initialiser", "decay"],
    ...["patch", "size", "heads", "blocks", "attention", "positions", "bias", "format", "start"],
    ...[
      "method",
      "mover",
      "integrator",
      "tucker-integrator",
      "refresh",
      "rank",
      "min-rank",
      "max-rank",
    ],
    ...["adaptive", "tolerance", "truncation", "ranks-from", "core-steps", "fine-tune"],
  ],
  "steps": [
    ...[
      "epochs",
      "steps",
      "measure-every",
      "batch",
      "optimizer",
      "learning-rate",
      "momentum",
      "beta2",
      "weight-decay",
    ],
    ...["schedule", "least", "warmup", "clip", "patience"],
  ],
  "dense twin": ["baseline", "baseline-learning-rate"],
  "run": [
    ...["seed", "backend", "threads", "prefetch", "tensorboard", "out", "resume"],
  ],
};

/** What options that are in no group are about. */
const OWN = "recipe";

/**
 * Sorts options by what they are about: those of the recipe alone first, each group in its order.
 *
 * @param keys Options as they are typed, without dashes.
 * @returns Groups that are not empty.
 */
export function groupsOf(keys: readonly string[]): [about: string, keys: string[]][] {
  const known = new Set(Object.values(GROUPS).flat());
  const own: [string, string[]] = [OWN, keys.filter((key) => !known.has(key))];
  const groups = Object.entries(GROUPS).map(([about, members]): [string, string[]] => {
    return [about, members.filter((key) => keys.includes(key))];
  });
  return [own, ...groups].filter(([, members]) => members.length > 0);
}
