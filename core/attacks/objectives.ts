/**
 * What attacks maximise: functions of the logits of one image, with their derivatives.
 *
 * They are computed in float64 on the host. A derivative is given up to a positive factor, since
 * attacks use its direction only: so it is right also where the network is so sure of itself that
 * the gradient of its loss vanishes in float32.
 *
 * @module
 */

/** A logit vector with the classes that matter. */
export interface Answer {
  /** Logits of one image. */
  readonly z: Float32Array;
  /** The true class. */
  readonly label: number;
  /** The class to be mistaken for; undefined where any wrong one will do. */
  readonly target: number | undefined;
}

/**
 * A function of the logits to be maximised.
 *
 * @param c Receives the derivative in the logits, up to a positive factor; zeros on entry.
 * @returns The value.
 */
export type AttackObjective = (answer: Answer, c: Float64Array) => number;

/** Whether an answer is what the attack wants. */
export function succeeds({ z, label, target }: Answer): boolean {
  const answer = argmax(z);
  return target === undefined ? answer !== label : answer === target;
}

/** Index of the first largest entry. */
export function argmax(z: Float32Array): number {
  let best = 0;
  for (let j = 1; j < z.length; j++) if (z[j]! > z[best]!) best = j;
  return best;
}

/** Index of the largest entry but that of `except`. */
export function runnerUp(z: Float32Array, except: number): number {
  let best = -1;
  for (let j = 0; j < z.length; j++) {
    if (j !== except && (best < 0 || z[j]! > z[best]!)) best = j;
  }
  return best;
}

/** softmax(factor · z). */
export function softmax({ z }: Pick<Answer, "z">, factor = 1): Float64Array {
  const largest = z.reduce((m, v) => Math.max(m, factor * v), -Infinity);
  const e = Float64Array.from(z, (v) => Math.exp(factor * v - largest));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

/** Cross-entropy of the label; for a target, minus its cross-entropy. */
export function crossEntropy({ z, label, target }: Answer, c: Float64Array): number {
  const toward = target ?? label;
  const sign = target === undefined ? 1 : -1;
  const second = runnerUp(z, toward);
  const lead = z[toward]! - z[second]!;
  let others = 0;
  for (let j = 0; j < z.length; j++) {
    if (j === toward) continue;
    c[j] = sign * Math.exp(z[j]! - z[second]!);
    others += Math.exp(z[j]! - z[second]!);
  }
  c[toward] = -sign * others;
  // −log p = log(1 + Σ exp(z_j − z_y)), without cancellation on either side.
  const loss = lead > 0
    ? Math.log1p(others * Math.exp(-lead))
    : Math.log(others + Math.exp(lead)) - lead;
  return sign * loss;
}

/** Lead of the best wrong class; for a target, its lead over all others (Carlini and Wagner). */
export function margin({ z, label, target }: Answer, c: Float64Array): number {
  const up = target ?? runnerUp(z, label);
  const down = target === undefined ? label : runnerUp(z, target);
  c[up] = 1;
  c[down] = -1;
  return z[up]! - z[down]!;
}

/**
 * Difference of logits ratio (Croce and Hein, arXiv 2003.01690): the margin over the spread of the
 * leading logits, so that no scale of the logits can hide it. Needs 3 classes, with targets 4.
 */
export function logitsRatio({ z, label, target }: Answer, c: Float64Array): number {
  const order = [...z.keys()].sort((i, j) => z[j]! - z[i]!);
  const [first, , third, fourth] = order as [number, number, number, number];
  const up = target ?? (first === label ? order[1]! : first);
  const gain = z[up]! - z[label]!;
  const spread = target === undefined
    ? z[first]! - z[third]!
    : z[first]! - (z[third]! + z[fourth]!) / 2;
  const safe = spread + 1e-12;
  const tail = target === undefined ? [third] : [third, fourth];
  // Times the spread, which is positive: d(g/s) ∝ dg − (g/s) ds.
  const value = gain / safe;
  c[up]! += 1;
  c[label]! -= 1;
  c[first]! -= value;
  for (const j of tail) c[j]! += value / tail.length;
  return value;
}
