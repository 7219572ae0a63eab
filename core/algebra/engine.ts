/**
 * The algebra of float32 tensors on an engine backend: training.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/engine.ts";
import type {
  AdaptiveCoefficients,
  Algebra,
  InverseFactor,
  LeftSvd,
  ProductOptions,
  Qr,
  SideWeights,
  Svd,
} from "./algebra.ts";
import { choleskyQr } from "./cholesky_qr.ts";
import { hostAlgebra } from "./host.ts";
import { checkColumns, checkRepeats, checkWeights, type Matrix } from "./matrix.ts";
import { clearRoundOff } from "./scaling.ts";

/**
 * Algebra of rank-2 tensors in float32. Results belong to the engine's innermost scope.
 *
 * Factorisations run on the backend's own memory where it has them. Elsewhere bases are
 * orthonormalised on the device by Cholesky-QR with repeated passes, so that only r×r matrices
 * travel; Householder reflections on the host in float64 take over where that is ill-conditioned.
 *
 * @param engine An open engine.
 * @param host Float64 algebra for what is factored on the host.
 */
export function engineAlgebra(
  engine: Engine,
  host: Algebra<Matrix> = hostAlgebra(),
): Algebra<Tensor> {
  return new EngineAlgebra(engine, host);
}

/** Norms from this to its inverse are those of matrices whose squares float32 can hold. */
const SMALLEST_NORM = 2 ** -40;

/** Whether the squares that lead to a norm in float32 neither overflow nor vanish. */
function isSquarable(norm: number): boolean {
  return norm > SMALLEST_NORM && norm < 1 / SMALLEST_NORM;
}

/** Passes of Gram-Schmidt before Householder reflections take over. */
const MAX_PASSES = 4;

class EngineAlgebra implements Algebra<Tensor> {
  readonly name: string;
  readonly epsilon = 2 ** -23;
  readonly #engine: Engine;
  readonly #host: Algebra<Matrix>;

  constructor(engine: Engine, host: Algebra<Matrix>) {
    this.#engine = engine;
    this.#host = host;
    this.name = `float32 on ${engine.backend}`;
  }

  rows(x: Tensor): number {
    return x.shape[0]!;
  }
  cols(x: Tensor): number {
    return x.shape[1]!;
  }
  from(data: ArrayLike<number>, rows: number, cols: number): Tensor {
    return this.#engine.tensor(Float32Array.from(data), [rows, cols]);
  }
  async read(x: Tensor): Promise<Float64Array> {
    return Float64Array.from(await this.#engine.read(x));
  }
  zeros(rows: number, cols: number): Tensor {
    return this.#engine.zeros([rows, cols]);
  }
  zerosLike(x: Tensor): Tensor {
    return this.#engine.zeros(x.shape);
  }
  identity(n: number): Tensor {
    return this.diagonal(new Float32Array(n).fill(1));
  }
  diagonal(values: ArrayLike<number>): Tensor {
    const n = values.length;
    const data = new Float32Array(n * n);
    for (let i = 0; i < n; i++) data[i * n + i] = values[i]!;
    return this.#engine.tensor(data, [n, n]);
  }

  multiply(x: Tensor, y: Tensor, options: ProductOptions = {}): Tensor {
    return this.#engine.matMul(x, y, options);
  }
  transpose(x: Tensor): Tensor {
    return this.#engine.transpose(x);
  }
  reshape(x: Tensor, rows: number, cols: number): Tensor {
    return this.#engine.reshape(x, [rows, cols]);
  }
  weighted(x: Tensor, weights: SideWeights): Tensor {
    const [m, n, { rows, columns }] = [this.rows(x), this.cols(x), weights];
    checkWeights(m, n, weights);
    const left = rows ? this.#engine.mul(x, this.from(rows, m, 1)) : this.#engine.clone(x);
    return columns ? this.#engine.mul(left, this.from(columns, 1, n)) : left;
  }
  hadamard(x: Tensor, y: Tensor): Tensor {
    checkRepeats(x.shape as [number, number], y.shape as [number, number]);
    return this.#engine.mul(x, y);
  }
  conjugate(x: Tensor): Tensor {
    return x;
  }
  lincomb(alpha: number, x: Tensor, beta: number, y: Tensor): Tensor {
    return this.#engine.lincomb(alpha, x, beta, y);
  }
  lincombSquare(alpha: number, v: Tensor, beta: number, g: Tensor): Tensor {
    return this.#engine.lincombSquare(alpha, v, beta, g);
  }
  adaptiveStep(x: Tensor, m: Tensor, v: Tensor, c: AdaptiveCoefficients): Tensor {
    return this.#engine.adaptiveStep(x, m, v, c);
  }
  scale(alpha: number, x: Tensor): Tensor {
    return this.#engine.scale(alpha, x);
  }
  sqrt(x: Tensor): Tensor {
    return this.#engine.sqrt(x);
  }
  square(x: Tensor): Tensor {
    return this.#engine.square(x);
  }
  columns(x: Tensor, begin: number, end: number): Tensor {
    checkColumns(this.cols(x), begin, end);
    if (begin === 0 && end === this.cols(x)) return this.#engine.clone(x);
    return this.#engine.slice(x, [0, begin], [this.rows(x), end - begin]);
  }
  hstack(xs: readonly Tensor[]): Tensor {
    return this.#engine.concat(xs, 1);
  }
  vstack(xs: readonly Tensor[]): Tensor {
    return this.#engine.concat(xs, 0);
  }

  async norm(x: Tensor): Promise<number> {
    const norm = await this.#float32Norm(x);
    return isSquarable(norm) ? norm : await this.#host.norm(await this.#toHost(x));
  }

  /** As the engine squares and sums. */
  async #float32Norm(x: Tensor): Promise<number> {
    return (await this.#engine.read(this.#engine.norm(x)))[0]!;
  }

  async withoutRoundOff(x: Tensor): Promise<Tensor> {
    return this.from(clearRoundOff(await this.read(x), this.epsilon), this.rows(x), this.cols(x));
  }

  async qr(x: Tensor): Promise<Qr<Tensor>> {
    const linalg = this.#engine.linalg;
    if (linalg && this.rows(x) >= this.cols(x) && isSquarable(await this.#float32Norm(x))) {
      return linalg.qr(x);
    }
    const { q, r } = await this.#host.qr(await this.#toHost(x));
    return { q: this.#fromHost(q), r: this.#fromHost(r) };
  }

  async svd(x: Tensor): Promise<Svd<Tensor>> {
    const own = await this.#engine.linalg?.svd(x);
    if (own) return own;
    const { p, sigma, q } = await this.#host.svd(await this.#toHost(x));
    return { p: this.#fromHost(p), sigma, q: this.#fromHost(q) };
  }

  async leftSvd(x: Tensor): Promise<LeftSvd<Tensor> | undefined> {
    return await this.#engine.linalg?.leftSvd?.(x);
  }

  inverseFactor(gram: Tensor): InverseFactor<Tensor> | undefined {
    return this.#engine.linalg?.inverseFactor?.(gram);
  }

  async orthonormalize(x: Tensor): Promise<Tensor> {
    if (this.rows(x) >= this.cols(x)) {
      const q = await this.#choleskyQr(x);
      if (q) return q;
    }
    return (await this.qr(x)).q;
  }

  async complement(u: Tensor, a: Tensor): Promise<Tensor | undefined> {
    const free = this.rows(u) - this.cols(u);
    if (free <= 0) return undefined;
    // All free directions are wanted, so some columns lead to the same span as all of them.
    if (this.cols(a) > free) return await this.complement(u, this.columns(a, 0, free));
    const linalg = this.#engine.linalg;
    const q = linalg?.complement ? linalg.complement(u, a) : await this.#choleskyComplement(u, a);
    return q ?? await this.#householderComplement(u, a);
  }

  /** Block Gram-Schmidt, twice: project, orthonormalise, and again where U still shows. */
  async #choleskyComplement(u: Tensor, a: Tensor): Promise<Tensor | undefined> {
    let q: Tensor | undefined = a;
    for (let pass = 0; pass < MAX_PASSES && q; pass++) {
      const inside = this.multiply(u, q, { transposeLeft: true });
      const rest = this.lincomb(1, q, -1, this.multiply(u, inside));
      // Taking out a part this small leaves the columns orthonormal to round-off.
      if (pass > 0 && await this.norm(inside) < 0.5 * Math.sqrt(this.epsilon)) return rest;
      q = await this.#choleskyQr(rest);
    }
    return undefined;
  }

  async #choleskyQr(x: Tensor): Promise<Tensor | undefined> {
    const linalg = this.#engine.linalg;
    return linalg ? linalg.choleskyQr(x) : await choleskyQr(this, x);
  }

  async #householderComplement(u: Tensor, a: Tensor): Promise<Tensor> {
    if (!this.#engine.linalg || !isSquarable(await this.#float32Norm(a))) {
      const q = await this.#host.complement(await this.#toHost(u), await this.#toHost(a));
      return this.#fromHost(q!);
    }
    const { q } = await this.qr(this.hstack([u, a]));
    return this.columns(q, this.cols(u), this.cols(q));
  }

  tidy<T>(f: () => T): T {
    return this.#engine.tidy(f);
  }

  async #toHost(x: Tensor): Promise<Matrix> {
    return { rows: this.rows(x), cols: this.cols(x), data: await this.read(x) };
  }
  #fromHost(x: Matrix): Tensor {
    return this.from(x.data, x.rows, x.cols);
  }
}
