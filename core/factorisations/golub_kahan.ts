/**
 * Implicit QR steps that take a bidiagonal matrix to diagonal form (Golub, Van Loan: Matrix
 * Computations, 4th ed., section 8.6).
 *
 * @module
 */

/** QR steps that one singular value may take; two or three are usual. */
export const STEPS_PER_VALUE = 30;

/** What is done to the singular vectors as a bidiagonal matrix turns into a diagonal one. */
export interface Turns {
  /** Cosine and sine, at 2k and 2k + 1, of the turn of left vectors k and k + 1 in a QR step. */
  readonly left: Float64Array;
  /** The same of right vectors. */
  readonly right: Float64Array;
  /** Does the turns of a QR step, which are in `left` and `right`, for k from `begin` to `end` − 1. */
  step(begin: number, end: number): void;
  /** One turn of any two vectors: c·p + s·q and c·q − s·p take the places of p and q. */
  turn(side: "left" | "right", p: number, q: number, c: number, s: number): void;
  /** Does what has been put off; called last. */
  finish(): void;
}

/**
 * Takes B to diagonal form, in place. Errors in singular values are round-off of the largest.
 *
 * @param d Diagonal of B, n long; singular values but for sign and order afterwards.
 * @param e What is above it, n − 1 long; zero afterwards.
 * @param turns Is told what becomes of the singular vectors.
 * @param budget Bound of the number of QR steps.
 * @returns Whether it ended within its bound.
 */
export function diagonalise(
  d: Float64Array,
  e: Float64Array,
  turns: Turns,
  budget: number,
): boolean {
  const most = Math.max(largest(d), largest(e));
  // Powers of two; afterwards fourth powers of what counts neither overflow nor vanish.
  const unit = most > 0 && most < Infinity ? 2 ** Math.floor(Math.log2(most)) : 1;
  scale(d, 1 / unit);
  scale(e, 1 / unit);
  const done = iterate(d, e, turns, budget, Number.EPSILON * (most / unit));
  scale(d, unit);
  turns.finish();
  return done;
}

/** What is not above `floor` is round-off of B. */
function iterate(
  d: Float64Array,
  e: Float64Array,
  turns: Turns,
  budget: number,
  floor: number,
): boolean {
  for (let end = d.length - 1, steps = 0; end > 0;) {
    let begin = end;
    while (begin > 0 && Math.abs(e[begin - 1]!) > floor) begin--;
    if (begin > 0) e[begin - 1] = 0;
    if (begin === end) end--;
    else if (steps++ >= budget) return false;
    else if (!clearZeros(d, e, turns, begin, end, floor)) {
      qrStep(d, e, turns, begin, end);
      turns.step(begin, end);
    }
  }
  return true;
}

function scale(x: Float64Array, factor: number): void {
  for (let i = 0; i < x.length; i++) x[i]! *= factor;
}

function largest(x: Float64Array): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]!));
  return most;
}

/** Splits the block where a diagonal entry is zero; whether there was one. */
function clearZeros(
  d: Float64Array,
  e: Float64Array,
  turns: Turns,
  begin: number,
  end: number,
  floor: number,
): boolean {
  let zero = end;
  while (zero >= begin && Math.abs(d[zero]!) > floor) zero--;
  if (zero < begin) return false;
  d[zero] = 0;
  // Rotations move the entry beside the zero along its row, or above it along its column, out of B.
  let bulge = zero < end ? e[zero]! : 0;
  if (zero < end) e[zero] = 0;
  for (let k = zero + 1; k <= end && bulge !== 0; k++) {
    const r = lengthOf(d[k]!, bulge);
    const [c, s] = [d[k]! / r, bulge / r];
    d[k] = r;
    bulge = k < end ? -s * e[k]! : 0;
    if (k < end) e[k]! *= c;
    turns.turn("left", k, zero, c, s);
  }
  bulge = zero > begin ? e[zero - 1]! : 0;
  if (zero > begin) e[zero - 1] = 0;
  for (let k = zero - 1; k >= begin && bulge !== 0; k--) {
    const r = lengthOf(d[k]!, bulge);
    const [c, s] = [d[k]! / r, bulge / r];
    d[k] = r;
    bulge = k > begin ? -s * e[k - 1]! : 0;
    if (k > begin) e[k - 1]! *= c;
    turns.turn("right", k, zero, c, s);
  }
  return true;
}

/** One implicit QR step on the block begin … end of BᵀB, shifted by Wilkinson's rule. */
function qrStep(
  d: Float64Array,
  e: Float64Array,
  { left, right }: Turns,
  begin: number,
  end: number,
): void {
  let y = d[begin]! - shiftOf(d, e, begin, end) / d[begin]!;
  let z = e[begin]!;
  let own = d[begin]!;
  let beside = z;
  for (let k = begin; k < end; k++) {
    // The turn from the left takes (c·own + s·beside, s·next), with c = y/r and s = z/r, to its length:
    // times r, that does not wait for r.
    const next = d[k + 1]!;
    const head = y * own + z * beside;
    const below = z * next;
    const r = Math.sqrt(y * y + z * z);
    const l = Math.sqrt(head * head + below * below);
    // Without anything to turn away, nothing is turned.
    const cr = r === 0 ? 1 : y / r;
    const sr = r === 0 ? 0 : z / r;
    const cl = l === 0 ? 1 : head / l;
    const sl = l === 0 ? 0 : below / l;
    if (k > begin) e[k - 1] = r;
    d[k] = r === 0 ? own : l / r;
    const across = cr * beside - sr * own;
    const under = cr * next;
    y = cl * across + sl * under;
    own = cl * under - sl * across;
    const after = k + 1 < end ? e[k + 1]! : 0;
    z = sl * after;
    beside = cl * after;
    right[2 * k] = cr;
    right[2 * k + 1] = sr;
    left[2 * k] = cl;
    left[2 * k + 1] = sl;
  }
  e[end - 1] = y;
  d[end] = own;
}

/** The eigenvalue of the last 2×2 block of BᵀB that is nearer to its last entry. */
function shiftOf(d: Float64Array, e: Float64Array, begin: number, end: number): number {
  const [beside, last, above] = [d[end - 1]!, d[end]!, e[end - 1]!];
  const before = end - 1 > begin ? e[end - 2]! : 0;
  const corner = last * last + above * above;
  const half = (beside * beside + before * before - corner) / 2;
  const across = beside * above;
  const away = Math.abs(half) + Math.hypot(half, across);
  return away === 0 ? corner : corner - (half < 0 ? -1 : 1) * across * (across / away);
}

function lengthOf(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}
