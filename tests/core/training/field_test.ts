/** The field operator of training against the dense gradient G = Xᵀ D. */

import { assert, assertEquals, assertLess, assertStrictEquals, assertThrows } from "@std/assert";
import {
  type Activation,
  type Engine,
  engineAlgebra,
  type GradientPair,
  type LowRank,
  type Matrix,
  matrixPairs,
  openEngine,
  pairField,
  Random,
  type Tensor,
  transposed,
} from "../../../core/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { gaussian, host, orthonormal, plus, relativeError, times } from "../../support/matrices.ts";
import { readMatrix } from "../../support/training.ts";

const TOLERANCE = 1e-5;

async function withEngine(name: string, check: (engine: Engine) => Promise<void>): Promise<void> {
  const { engine } = await openEngine(name);
  const before = engine.memory().numTensors;
  await engine.scope(() => check(engine));
  assertEquals(engine.memory().numTensors, before);
}

function upload(engine: Engine, x: Matrix): Tensor {
  return engine.tensor(Float32Array.from(x.data), [x.rows, x.cols]);
}

/** A point of rank r with orthonormal bases. */
async function pointOf(engine: Engine, random: Random, m: number, n: number, r: number) {
  const [u, v] = [await orthonormal(random, m, r), await orthonormal(random, n, r)];
  const s = gaussian(random, r, r);
  const at: LowRank<Tensor> = { u: upload(engine, u), s: upload(engine, s), v: upload(engine, v) };
  return { at, host: { u, s, v } };
}

/** A pair as a backward pass would leave it at a point. */
function pairOf(engine: Engine, x: Matrix, d: Matrix, at: LowRank<Tensor>): GradientPair {
  const [tx, td] = [upload(engine, x), upload(engine, d)];
  return { x: tx, d: td, xu: engine.matMul(tx, at.u), dv: engine.matMul(td, at.v) };
}

for (const backend of cpuBackends) {
  for (const uses of [1, 2]) {
    const title = `pairField() projects Σ Xᵀ D of ${uses} use${uses > 1 ? "s" : ""} on any bases`;
    Deno.test({
      ...await onBackend(backend, title),
      fn: () =>
        withEngine(backend, async (engine) => {
          for (const [m, n, r, batch] of [[9, 7, 3, 16], [20, 30, 5, 8], [4, 4, 4, 1]] as const) {
            const random = new Random(m);
            const { at, host: own } = await pointOf(engine, random, m, n, r);
            const data = Array.from({ length: uses }, () => ({
              x: gaussian(random, batch, m),
              d: gaussian(random, batch, n),
            }));
            const g = data.map(({ x, d }) => times(transposed(x), d)).reduce(plus);
            const pairs = data.map(({ x, d }) => pairOf(engine, x, d, at));
            const a = engineAlgebra(engine);
            const f = pairField(a, matrixPairs(a, pairs), at);
            const compare = async (got: Tensor, wanted: Matrix, what: string) =>
              assertLess(
                relativeError(await readMatrix(engine, got), wanted),
                TOLERANCE,
                `${what}, ${m}×${n}`,
              );
            await compare(f.times(at.v), times(g, own.v), "F V");
            await compare(f.adjointTimes(at.u), times(transposed(g), own.u), "Fᵀ U");
            await compare(f.galerkin(at.u, at.v), times(transposed(own.u), g, own.v), "Uᵀ F V");
            const u = await orthonormal(random, m, Math.min(2 * r, m));
            const v = await orthonormal(random, n, Math.min(2 * r, n));
            const [tu, tv] = [upload(engine, u), upload(engine, v)];
            await compare(f.times(tv), times(g, v), "F V̂");
            await compare(f.adjointTimes(tu), times(transposed(g), u), "Fᵀ Û");
            await compare(f.galerkin(tu, tv), times(transposed(u), g, v), "Ûᵀ F V̂");
            await compare(f.galerkin(at.u, tv), times(transposed(own.u), g, v), "Uᵀ F V̂");
            await compare(f.galerkin(tu, at.v), times(transposed(u), g, own.v), "Ûᵀ F V");
            // Asked again, after it may have kept products: still the same.
            await compare(f.galerkin(tu, tv), times(transposed(u), g, v), "Ûᵀ F V̂ again");
            await compare(f.times(at.v), times(g, own.v), "F V again");
          }
        }),
    });
  }
}

Deno.test({
  ...await onBackend("cpu", "pairField() takes the core it is given at its own bases alone"),
  fn: () =>
    withEngine("cpu", async (engine) => {
      const random = new Random(2);
      const { at } = await pointOf(engine, random, 6, 5, 2);
      const pair = pairOf(engine, gaussian(random, 4, 6), gaussian(random, 4, 5), at);
      const core = engine.fill([2, 2], 42);
      const a = engineAlgebra(engine);
      const f = pairField(a, matrixPairs(a, [pair]), { ...at, core });
      assertStrictEquals(f.galerkin(at.u, at.v), core);
      const other = engine.clone(at.u);
      assert((await engine.read(f.galerkin(other, at.v))).every((x) => x !== 42));
    }),
});

Deno.test("matrixPairs() without a pair says that the weight took no part", async () => {
  const { engine } = await openEngine("cpu");
  assertThrows(
    () => matrixPairs(engineAlgebra(engine), []),
    Error,
    "Cannot form the field: the weight took no part in the evaluation",
  );
});

const SHAPES: readonly [m: number, n: number, r: number, q: number, batch: number][] = [
  [7, 5, 3, 3, 11],
  [12, 31, 4, 6, 8],
  [1, 9, 1, 1, 5],
  [33, 2, 2, 1, 1],
];

/** Gradient in W of Σ C ∘ act(x W + b), and in b, through the engine's dense layer. */
function denseGradient(
  engine: Engine,
  x: Tensor,
  w: Tensor,
  b: Tensor,
  c: Tensor,
  activation: Activation,
): readonly Tensor[] {
  const value = () => engine.sum(engine.mul(c, engine.linear(x, w, b, activation)));
  return engine.gradients(value, [w, b, x]).gradients;
}

for (const backend of cpuBackends) {
  for (const activation of ["identity", "relu", "tanh", "sigmoid", "softplus"] as const) {
    const title =
      `lowRankLinear() leaves the pair and the gradients of the dense map, ${activation}`;
    Deno.test({
      ...await onBackend(backend, title),
      fn: () =>
        withEngine(backend, async (engine) => {
          for (const [m, n, r, q, batch] of SHAPES) {
            const random = new Random(m * n);
            // The identities hold for any factors, orthonormal or not, and rectangular cores.
            const u = host.scale(m ** -0.5, gaussian(random, m, r));
            const [s, v] = [gaussian(random, r, q), host.scale(q ** -0.5, gaussian(random, n, q))];
            const [tu, ts, tv] = [upload(engine, u), upload(engine, s), upload(engine, v)];
            const x = upload(engine, gaussian(random, batch, m));
            const c = upload(engine, gaussian(random, batch, n));
            const b = engine.tensor(random.fillNormal(new Float32Array(n)), [n]);
            const w = upload(engine, times(u, s, transposed(v)));
            const [gw, gb, gx] = denseGradient(engine, x, w, b, c, activation);
            const captured: GradientPair[] = [];
            const value = () => {
              const factors = { u: tu, s: ts, v: tv };
              const y = engine.lowRankLinear(x, factors, b, activation, (p) => captured.push(p));
              return engine.sum(engine.mul(c, y));
            };
            const { gradients: [gs, gb2, gx2] } = engine.gradients(value, [ts, b, x]);
            assertEquals(captured.length, 1);
            const pair = captured[0]!;
            const read = (t: Tensor) => readMatrix(engine, t);
            const g = await read(gw!);
            const close = async (got: Tensor, wanted: Matrix, what: string) =>
              assertLess(relativeError(await read(got), wanted), TOLERANCE, `${what} at ${m}×${n}`);
            await close(engine.matMul(pair.x, pair.d, { transposeLeft: true }), g, "Xᵀ D = G");
            await close(pair.xu, times(await read(x), u), "X U");
            await close(pair.dv, times(await read(pair.d), v), "D V");
            await close(gs!, times(transposed(u), g, v), "grad S = Uᵀ G V");
            await close(gb2!, await read(gb!), "grad b");
            await close(gx2!, await read(gx!), "grad x");
            for (const t of Object.values(pair)) (t as Tensor).dispose();
          }
        }),
    });
  }
}
