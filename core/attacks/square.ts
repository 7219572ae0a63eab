import type { Random } from "../random.ts";
import { type Attack, type AttackProblem, COUNT, defineAttack } from "./attack.ts";
import { balls } from "./ball.ts";
import { randomSearch } from "./random_search.ts";

/**
 * Square attack (Andriushchenko et al., arXiv 1912.00049) in the maximum norm: random search that
 * sees logits only. Starts with vertical stripes of ±ε; then squares of ±ε, smaller and smaller,
 * each kept where it raises the margin on the wrong side.
 */
export const squareLinf: Attack = defineAttack({
  name: "square",
  description: "black box: random squares of ±ε that are kept where they help",
  norm: "linf",
  gradients: false,
  defaults: { queries: 500, share: 0.8 },
  limits: {
    queries: { ...COUNT, description: "most looks at the logits of one image" },
    share: { above: 0, max: 1, description: "part of the image that the first squares cover" },
  },
  run: (whole, { queries, share }) =>
    randomSearch(whole, "squares", balls.linf, queries, (p, query) => {
      const side = sideAt(query / queries, share, p.classifier.shape);
      return (k, row, centre, random) =>
        query === 0 ? stripes(p, k, row, random) : paint(p, k, row, centre, side, random);
    }),
});

/** Shares of all queries after which the squares have half the area, as in the publication. */
const HALVINGS = [0.001, 0.005, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8];

/** Side of the windows when a share of the queries is done. */
export function sideAt(
  done: number,
  share: number,
  [h, w]: AttackProblem["classifier"]["shape"],
): number {
  const area = h * w * share / 2 ** HALVINGS.filter((at) => done > at).length;
  return Math.max(1, Math.min(h, w, Math.round(Math.sqrt(area))));
}

/** Each column of each channel moves by +ε or −ε. */
function stripes(p: AttackProblem, k: number, row: Float32Array, random: Random): void {
  const [h, w, channels] = p.classifier.shape;
  for (let column = 0; column < w * channels; column++) {
    const change = random.integer(2) === 0 ? p.radii[k]! : -p.radii[k]!;
    for (let i = 0; i < h; i++) row[i * w * channels + column]! += change;
  }
}

/** A square somewhere moves to ±ε from the image, with a sign for each channel. */
function paint(
  p: AttackProblem,
  k: number,
  row: Float32Array,
  centre: Float32Array,
  side: number,
  random: Random,
): void {
  const [h, w, channels] = p.classifier.shape;
  const top = random.integer(h - side + 1);
  const left = random.integer(w - side + 1);
  const changes = Array.from(
    { length: channels },
    () => random.integer(2) === 0 ? p.radii[k]! : -p.radii[k]!,
  );
  for (let i = top; i < top + side; i++) {
    for (let j = left * channels; j < (left + side) * channels; j++) {
      const at = i * w * channels + j;
      row[at] = centre[at]! + changes[j % channels]!;
    }
  }
}
