/** Recursions of matrix rules in plain loops, written from their publications. */

import { type Matrix, matrixOf } from "../../core/mod.ts";
import { host } from "../support/matrices.ts";

/** What a recursion starts from. */
export interface Course {
  readonly start: Matrix;
  readonly gradient: (x: Matrix) => Matrix;
  readonly rate: number;
  readonly steps: number;
}

/** The iterates of a recursion. */
export type Reference = (course: Course) => Matrix[] | Promise<Matrix[]>;

/** m̂ / (√v̂ + ε) of the gradients of one entry so far. */
export function adamDirection(
  b1: number,
  b2: number,
  epsilon: number,
): (g: number, n: number) => number {
  let [m, v] = [0, 0];
  return (g: number, n: number): number => {
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    return m / (1 - b1 ** n) / (Math.sqrt(v / (1 - b2 ** n)) + epsilon);
  };
}

/** Σₖ x(i, k) y(k, j). */
function product(x: Matrix, y: Matrix): Matrix {
  return matrixOf(x.rows, y.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < x.cols; k++) sum += x.data[i * x.cols + k]! * y.data[k * y.cols + j]!;
    return sum;
  });
}

function turned(x: Matrix): Matrix {
  return matrixOf(x.cols, x.rows, (i, j) => x.data[j * x.cols + i]!);
}

/** The matrix with each entry changed. */
export function entries(x: Matrix, f: (value: number, index: number) => number): Matrix {
  return { ...x, data: x.data.map(f) };
}

/** Newton-Schulz of the published code: with the short side first. */
function published(d: Matrix, steps: number): Matrix {
  const tall = d.rows > d.cols;
  const length = Math.sqrt(d.data.reduce((sum, v) => sum + v * v, 0));
  let x = entries(tall ? turned(d) : d, (v) => v / (length + 1e-7));
  for (let i = 0; i < steps; i++) {
    const a = product(x, turned(x));
    const aa = product(a, a);
    const b = entries(a, (v, k) => -4.775 * v + 2.0315 * aa.data[k]!);
    const bx = product(b, x);
    x = entries(x, (v, k) => 3.4445 * v + bx.data[k]!);
  }
  return tall ? turned(x) : x;
}

/** Muon with one of its two scales. */
export function muonIterates(o: {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly steps: number;
  readonly decay: number;
  readonly rms?: boolean;
}): Reference {
  return ({ start, gradient, rate, steps }) => {
    let [x, m] = [start, entries(start, () => 0)];
    const { rows, cols } = start;
    const scale = o.rms
      ? 0.2 * Math.sqrt(Math.max(rows, cols))
      : Math.sqrt(Math.max(1, cols / rows));
    return Array.from({ length: steps }, () => {
      const g = gradient(x);
      m = entries(m, (v, i) => o.momentum * v + (1 - o.momentum) * g.data[i]!);
      const d = o.nesterov
        ? entries(g, (v, i) => (1 - o.momentum) * v + o.momentum * m.data[i]!)
        : m;
      const direction = published(d, o.steps);
      x = entries(x, (v, i) => (1 - rate * o.decay) * v - rate * scale * direction.data[i]!);
      return x;
    });
  };
}

/** What a recursion of GaLore is told. */
interface GaloreCourse {
  readonly rank: number;
  readonly every: number;
  readonly scale: number;
  readonly decay: number;
  readonly momentum?: number;
  readonly side?: "left" | "right" | "long";
  readonly choice?: "power";
  readonly lazy?: number;
}

/** GaLore with Adam where it has a momentum, else with gradient descent. */
export function galoreIterates(o: GaloreCourse): Reference {
  return async ({ start, gradient, rate, steps }) => {
    const isTall = start.rows > start.cols;
    const tall = o.side === "long" ? !isTall : o.side ? o.side === "right" : isTall;
    let [x, basis]: [Matrix, Matrix | undefined] = [tall ? turned(start) : start, undefined];
    let [due, interval, cosines]: [number, number, number[]] = [1, o.every, []];
    const directions = directionsOf(o, o.rank * x.cols);
    const out: Matrix[] = [];
    for (let n = 1; n <= steps; n++) {
      const g = tall ? turned(gradient(turned(x))) : gradient(x);
      if (n === due) {
        const before: Matrix | undefined = basis;
        basis = o.choice && before
          ? await leading(product(g, product(turned(g), before)), o.rank, before, orthonormal)
          : await leading(g, o.rank, before);
        if (before) cosines.push(Math.abs(product(turned(before), basis).data[0]!));
        cosines = cosines.slice(-5);
        const mean = cosines.reduce((sum, c) => sum + c, 0) / 5;
        if (o.lazy !== undefined && cosines.length === 5 && mean >= o.lazy) interval *= 2;
        due += interval;
      }
      const r = product(turned(basis!), g);
      const step = product(basis!, entries(r, (v, i) => directions[i]!(v, n)));
      x = entries(x, (v, i) => (1 - rate * o.decay) * v - rate * o.scale * step.data[i]!);
      out.push(tall ? turned(x) : x);
    }
    return out;
  };
}

/** GaLore on both sides: Adam, or gradient descent, on Pᵀ G Q. */
export function fullGaloreIterates(o: GaloreCourse): Reference {
  return async ({ start, gradient, rate, steps }) => {
    let x = start;
    let [p, q]: (Matrix | undefined)[] = [];
    const directions = directionsOf(o, o.rank ** 2);
    const out: Matrix[] = [];
    for (let n = 1; n <= steps; n++) {
      const g = gradient(x);
      if ((n - 1) % o.every === 0) {
        if (o.choice && p && q) {
          p = await leading(product(g, q), o.rank, p, orthonormal);
          q = await leading(product(turned(g), p), o.rank, q, orthonormal);
        } else [p, q] = [await leading(g, o.rank, p), await leading(turned(g), o.rank, q)];
      }
      const r = product(product(turned(p!), g), q!);
      const moved = entries(r, (v, i) => directions[i]!(v, n));
      const step = product(product(p!, moved), turned(q!));
      x = entries(x, (v, i) => (1 - rate * o.decay) * v - rate * o.scale * step.data[i]!);
      out.push(x);
    }
    return out;
  };
}

function directionsOf(o: GaloreCourse, count: number): ((g: number, n: number) => number)[] {
  return Array.from(
    { length: count },
    () => o.momentum === undefined ? (g: number) => g : adamDirection(o.momentum, 0.999, 1e-8),
  );
}

/** Gram-Schmidt, twice. */
function orthonormal(x: Matrix): Matrix {
  const columns: number[][] = [];
  for (let j = 0; j < x.cols; j++) {
    let c = Array.from({ length: x.rows }, (_, i) => x.data[i * x.cols + j]!);
    for (const other of [...columns, ...columns]) {
      const along = c.reduce((sum, v, i) => sum + v * other[i]!, 0);
      c = c.map((v, i) => v - along * other[i]!);
    }
    const length = Math.hypot(...c);
    columns.push(c.map((v) => v / length));
  }
  return matrixOf(x.rows, x.cols, (i, j) => columns[j]![i]!);
}

/** The first left singular vectors, or other ones, each turned to the side of the old one. */
export async function leading(
  g: Matrix,
  rank: number,
  before: Matrix | undefined,
  find?: (g: Matrix) => Matrix,
): Promise<Matrix> {
  const p = find ? find(g) : (await host.svd(g)).p;
  return matrixOf(g.rows, rank, (i, j) => {
    const along = (k: number) => p.data[k * p.cols + j]!;
    const old = (k: number) => before!.data[k * rank + j]!;
    let overlap = 0;
    for (let k = 0; before && k < g.rows; k++) overlap += along(k) * old(k);
    return overlap < 0 ? -along(i) : along(i);
  });
}
