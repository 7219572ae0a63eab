import type { Random } from "../random.ts";
import { type Attack, type AttackProblem, COUNT, defineAttack } from "./attack.ts";
import { balls } from "./ball.ts";
import { randomSearch } from "./random_search.ts";
import { sideAt } from "./square.ts";

/**
 * Square attack (Andriushchenko et al., arXiv 1912.00049) in the Euclidean norm: random search that
 * sees logits only. Length is taken out of one window and put as a two-sided bump into another,
 * and that is kept where it raises the margin on the wrong side.
 */
export const squareL2: Attack = defineAttack({
  name: "square-l2",
  description: "black box: length moves between random windows where that helps",
  norm: "l2",
  gradients: false,
  defaults: { queries: 500, share: 0.1 },
  limits: {
    queries: { ...COUNT, description: "most looks at the logits of one image" },
    share: { above: 0, max: 1, description: "part of the image that the first windows cover" },
  },
  run: (whole, { queries, share }) =>
    randomSearch(whole, "windows", balls.l2, queries, (p, query) => {
      const side = windowSide(sideAt(query / queries, share, p.classifier.shape), p);
      return (k, row, centre, random) =>
        query === 0 ? tile(p, k, row, random) : shift(p, k, row, centre, side, random);
    }),
});

/** An odd side of at least 3, as in the publication, where the image is large enough. */
function windowSide(side: number, { classifier: { shape: [h, w] } }: AttackProblem): number {
  const odd = side % 2 === 0 ? side + 1 : side;
  return Math.min(h, w, Math.max(3, odd));
}

/** Windows to a side in which the search starts. */
const TILES = 5;

/** Bumps of random signs all over the image, of length ε together. */
function tile(p: AttackProblem, k: number, row: Float32Array, random: Random): void {
  const [h, w, channels] = p.classifier.shape;
  const side = Math.max(1, Math.floor(Math.min(h, w) / TILES));
  const start = new Float32Array(row.length);
  for (let top = 0; top + side <= h; top += side) {
    for (let left = 0; left + side <= w; left += side) {
      for (let c = 0; c < channels; c++) {
        const at = entries(p, top, left, side, c);
        bump(side, random).forEach((v, j) => start[at[j]!] = v);
      }
    }
  }
  balls.l2.steepest(start);
  start.forEach((v, j) => row[j]! += p.radii[k]! * v);
}

/** Empties one window and fills another with what that and the unused budget allow. */
function shift(
  p: AttackProblem,
  k: number,
  row: Float32Array,
  centre: Float32Array,
  side: number,
  random: Random,
): void {
  const [h, w, channels] = p.classifier.shape;
  const corner = (): [
    number,
    number,
  ] => [random.integer(h - side + 1), random.integer(w - side + 1)];
  const [to, from] = [corner(), corner()];
  const unused = Math.max(0, p.radii[k]! ** 2 - balls.l2.distance(row, centre) ** 2) / channels;
  for (let c = 0; c < channels; c++) {
    const [target, source] = [entries(p, ...to, side, c), entries(p, ...from, side, c)];
    const change = (j: number): number => row[j]! - centre[j]!;
    const both = new Set([...target, ...source]);
    const budget = Math.sqrt([...both].reduce((sum, j) => sum + change(j) ** 2, unused));
    const old = Float32Array.from(target, change);
    balls.l2.steepest(old);
    const next = bump(side, random).map((v, j) => v + old[j]!);
    balls.l2.steepest(next);
    for (const j of source) row[j] = centre[j]!;
    target.forEach((j, i) => row[j] = centre[j]! + budget * next[i]!);
  }
}

/** Positions of a window in one channel, row by row. */
function entries(
  { classifier: { shape: [, w, channels] } }: AttackProblem,
  top: number,
  left: number,
  side: number,
  channel: number,
): number[] {
  return Array.from(
    { length: side * side },
    (_, i) => ((top + Math.floor(i / side)) * w + left + i % side) * channels + channel,
  );
}

/** Two hills of opposite signs, one for each half of the window, of length 1 and a random sign. */
function bump(side: number, random: Random): Float32Array {
  const sign = random.integer(2) === 0 ? 1 : -1;
  const across = random.integer(2) === 0;
  const half = Math.floor(side / 2);
  const out = new Float32Array(side * side);
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const [s, t] = across ? [i, j] : [j, i];
      // A window of one pixel has no halves.
      const second = half > 0 && s >= half;
      const extent = second ? side - half : Math.max(1, half);
      out[i * side + j] = (second ? -1 : 1) * sign * hill(second ? s - half : s, t, extent, side);
    }
  }
  balls.l2.steepest(out);
  return out;
}

/** Σ 1/(n + 1 − k)² for k up to the distance from the rim: steep in the middle, flat outside. */
function hill(i: number, j: number, rows: number, cols: number): number {
  const rim = Math.min(i, rows - 1 - i, j, cols - 1 - j);
  const n = Math.floor(Math.max(rows, cols) / 2);
  let sum = 0;
  for (let k = 0; k <= rim; k++) sum += 1 / (n + 1 - k) ** 2;
  return sum;
}
