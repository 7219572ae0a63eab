/** Recursions of rules that scale, turn or factor whole gradients, written from their publications. */

import { type Matrix, matrixOf, Random, transposed } from "../../core/mod.ts";
import { host, minus, norm, plus, times } from "../support/matrices.ts";
import { adamDirection, entries, leading, type Reference } from "./references.ts";

/** A gradient rule of single numbers: gradient descent, or Adam. */
type Entry = (g: number, n: number) => number;

function entryRule(adamMomentum: number | undefined): Entry {
  return adamMomentum === undefined ? (g) => g : adamDirection(adamMomentum, 0.999, 1e-8);
}

/** ψ of a matrix, entry by entry. */
function matrixRule(count: number, adamMomentum: number | undefined) {
  const rules = Array.from({ length: count }, () => entryRule(adamMomentum));
  return (g: Matrix, n: number): Matrix => entries(g, (v, i) => rules[i]!(v, n));
}

/** Iterates on the wide form of a matrix: the recursion never sees a tall one. */
function onWide(
  make: (wide: Matrix) => (g: Matrix, n: number) => Matrix | Promise<Matrix>,
  decay = 0,
): Reference {
  return async ({ start, gradient, rate, steps }) => {
    const tall = start.rows > start.cols;
    const view = (x: Matrix): Matrix => tall ? transposed(x) : x;
    const next = make(view(start));
    let x = start;
    const out: Matrix[] = [];
    for (let n = 1; n <= steps; n++) {
      const step = view(await next(view(gradient(x)), n));
      x = host.lincomb(1 - rate * decay, x, -rate, step);
      out.push(x);
    }
    return out;
  };
}

const column = (x: Matrix, j: number): Matrix =>
  matrixOf(x.rows, 1, (i) => x.data[i * x.cols + j]!);

/** X with every column as long as that of `after` per that of `before`. */
function rescaled(x: Matrix, after: Matrix, before: Matrix, whole: boolean): Matrix {
  const factor = (j: number): number =>
    whole ? norm(after) / norm(before) : norm(column(after, j)) / norm(column(before, j));
  return matrixOf(x.rows, x.cols, (i, j) => x.data[i * x.cols + j]! * factor(j));
}

/** X, at most 1.01 times as long as the last one. */
function limiter(growth: number): (x: Matrix) => Matrix {
  let last: number | undefined;
  return (x) => {
    const factor = last === undefined || growth === 0
      ? 1
      : growth / Math.max(norm(x) / last, growth);
    last = norm(x) * factor;
    return host.scale(factor, x);
  };
}

/** What Fira and APOLLO are set to; over Adam where there is a momentum, else over descent. */
interface Projection {
  readonly rank: number;
  readonly every: number;
  readonly scale: number;
  readonly decay: number;
  readonly growth: number;
  readonly whole: boolean;
  readonly momentum?: number;
}

/** Fira, or what its released code does. */
export function firaIterates(o: Projection & { readonly released?: boolean }): Reference {
  const [kept, share] = o.released ? [o.scale, 1] : [1, o.scale];
  return onWide((wide) => {
    const psi = matrixRule(o.rank * wide.cols, o.momentum);
    const limited = limiter(o.growth);
    let p: Matrix | undefined;
    return async (g, n) => {
      if ((n - 1) % o.every === 0) p = await leading(g, o.rank, p);
      const r = times(transposed(p!), g);
      const after = psi(r, n);
      const rest = rescaled(minus(g, host.scale(kept, times(p!, r))), after, r, o.whole);
      return plus(host.scale(o.scale, times(p!, after)), host.scale(share, limited(rest)));
    };
  }, o.decay);
}

/** APOLLO. */
export function apolloIterates(o: Projection & { readonly seed: number }): Reference {
  return onWide(({ rows, cols }) => {
    const psi = matrixRule(o.rank * cols, o.momentum);
    const limited = limiter(o.growth);
    return (g, n) => {
      const random = new Random(o.seed)
        .fork(`${rows}×${o.rank}`).fork(Math.floor((n - 1) / o.every));
      const drawn = random.fillNormal(new Float32Array(rows * o.rank), 0, 1 / Math.sqrt(o.rank));
      const r = times(matrixOf(o.rank, rows, (i, j) => drawn[j * o.rank + i]!), g);
      return host.scale(o.scale, limited(rescaled(g, psi(r, n), r, o.whole)));
    };
  }, o.decay);
}

/** U_r Σ_r V_rᵀ, and U_r V_rᵀ. */
async function bestOfRank(x: Matrix, rank: number): Promise<[cut: Matrix, polar: Matrix]> {
  const { p, sigma, q } = await host.svd(x);
  const [u, v] = [host.columns(p, 0, rank), transposed(host.columns(q, 0, rank))];
  return [times(u, host.diagonal(sigma.slice(0, rank)), v), times(u, v)];
}

/** MoFaSGD with its momentum as a full matrix. */
export function mofasgdIterates(
  o: { readonly rank: number; readonly momentum: number; readonly decay: number },
): Reference {
  return onWide(() => {
    let m: Matrix | undefined;
    return async (g) => {
      const tangent = m ? await projected(m, o.rank, g) : g;
      const next = host.lincomb(o.momentum, m ?? host.zerosLike(g), 1 - o.momentum, tangent);
      const [cut, polar] = await bestOfRank(next, o.rank);
      m = cut;
      return polar;
    };
  }, o.decay);
}

/** U Uᵀ G + G V Vᵀ − U Uᵀ G V Vᵀ at a matrix of that rank. */
async function projected(m: Matrix, rank: number, g: Matrix): Promise<Matrix> {
  const { p, q } = await host.svd(m);
  const side = (x: Matrix): Matrix => {
    const own = host.columns(x, 0, rank);
    return times(own, transposed(own));
  };
  const [left, right] = [times(side(p), g), side(q)];
  return plus(left, times(minus(g, left), right));
}

/** A power of a symmetric positive definite matrix. */
async function power(c: Matrix, exponent: number): Promise<Matrix> {
  const { p, sigma } = await host.svd(c);
  return times(p, host.diagonal(sigma.map((s) => s ** exponent)), transposed(p));
}

/** Shampoo; one side alone has the root −½. */
export function shampooIterates(o: {
  readonly every: number;
  readonly epsilon: number;
  readonly decay: number;
  readonly maxSide?: number;
}): Reference {
  return onWide(({ rows, cols }) => {
    const both = cols <= (o.maxSide ?? Infinity);
    let [l, r] = [rows, cols].map((n) => host.scale(o.epsilon, host.identity(n)));
    let [left, right] = [l!, r!];
    return async (g, n) => {
      l = plus(l!, times(g, transposed(g)));
      r = plus(r!, times(transposed(g), g));
      if ((n - 1) % o.every === 0) {
        left = await power(l, both ? -1 / 4 : -1 / 2);
        right = both ? await power(r, -1 / 4) : host.identity(cols);
      }
      return times(left, g, right);
    };
  }, o.decay);
}

/** SOAP with Adam, whose second moments are kept as a matrix in the rotated coordinates. */
export function soapIterates(o: {
  readonly every: number;
  readonly memory: number;
  readonly decay: number;
  readonly momentum: number;
  readonly beta2: number;
}): Reference {
  return onWide(({ rows, cols }) => {
    let [l, r] = [host.zeros(rows, rows), host.zeros(cols, cols)];
    let [ql, qr] = [l, r];
    let [first, second] = [host.zeros(rows, cols), host.zeros(rows, cols)];
    const turn = async (c: Matrix, q: Matrix, v: Matrix): Promise<[Matrix, Matrix]> => {
      const quotients = times(transposed(q), c, q);
      const order = Array.from({ length: q.cols }, (_, i) => i)
        .sort((i, j) => quotients.data[j * q.cols + j]! - quotients.data[i * q.cols + i]!);
      const sorted = matrixOf(q.rows, q.cols, (i, j) => q.data[i * q.cols + order[j]!]!);
      const rows = matrixOf(v.rows, v.cols, (i, j) => v.data[order[i]! * v.cols + j]!);
      return [(await host.qr(times(c, sorted))).q, rows];
    };
    return async (g, n) => {
      let step = host.zeros(rows, cols);
      if (n > 1) {
        const t = n - 1;
        const low = times(transposed(ql), g, qr);
        // The first moment in the coordinates of the weight, as gradients are.
        first = host.lincomb(o.momentum, first, 1 - o.momentum, g);
        second = entries(second, (v, i) => o.beta2 * v + (1 - o.beta2) * low.data[i]! ** 2);
        const m = times(transposed(ql), first, qr);
        const direction = entries(m, (v, i) => {
          const root = Math.sqrt(second.data[i]! / (1 - o.beta2 ** t));
          return v / (1 - o.momentum ** t) / (root + 1e-8);
        });
        step = times(ql, direction, transposed(qr));
      }
      l = host.lincomb(o.memory, l, 1 - o.memory, times(g, transposed(g)));
      r = host.lincomb(o.memory, r, 1 - o.memory, times(transposed(g), g));
      if (n === 1) [ql, qr] = [(await host.svd(l)).p, (await host.svd(r)).p];
      else if ((n - 1) % o.every === 0) {
        [ql, second] = await turn(l, ql, second);
        const [q, turnedSquares] = await turn(r, qr, transposed(second));
        [qr, second] = [q, transposed(turnedSquares)];
      }
      return step;
    };
  }, o.decay);
}

/** Adafactor with its second moment as a full matrix. */
export function adafactorIterates(o: {
  readonly exponent: number;
  readonly clip: number;
  readonly decay: number;
  readonly momentum: number;
  readonly relative: boolean;
}): Reference {
  return ({ start, gradient, rate, steps }) => {
    const { rows: m, cols: n } = start;
    let [x, first] = [start, host.zeros(m, n)];
    let [r, c] = [new Float64Array(m), new Float64Array(n)];
    const rms = (y: Matrix): number => norm(y) / Math.sqrt(m * n);
    return Array.from({ length: steps }, (_, k) => {
      const g = gradient(x);
      const beta = 1 - (k + 1) ** -o.exponent;
      const mean = (count: number, of: (k: number) => number): number =>
        Array.from({ length: count }, (_, k) => of(k) ** 2 / count).reduce((s, v) => s + v);
      r = r.map((v, i) => beta * v + (1 - beta) * mean(n, (j) => g.data[i * n + j]!));
      c = c.map((v, j) => beta * v + (1 - beta) * mean(m, (i) => g.data[i * n + j]!));
      const middle = r.reduce((s, v) => s + v) / m;
      const d = matrixOf(m, n, (i, j) => {
        return g.data[i * n + j]! / Math.sqrt(r[i]! * c[j]! / middle);
      });
      const cut = host.scale(1 / Math.max(1, rms(d) / o.clip), d);
      first = host.lincomb(o.momentum, first, 1 - o.momentum, cut);
      const length = o.relative ? Math.max(1e-3, rms(x)) : 1;
      x = host.lincomb(1 - rate * o.decay, x, -rate * length, first);
      return x;
    });
  };
}
