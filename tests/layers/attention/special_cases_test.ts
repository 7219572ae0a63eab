/** Tucker attention has the others as special cases: in float64 by its formulas, and as layers. */

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  currentPoints,
  hostAlgebra,
  type Matrix,
  matrix,
  Pass,
  Random,
  sequentialHosvd,
  type Tensor,
  tuckerToDense,
  type WeightStates,
} from "../../../core/mod.ts";
import { type AttentionLayer, attentions } from "../../../layers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import {
  byHeads,
  byLatents,
  byTucker,
  type HeadMaps,
  type LatentMaps,
  normal,
  ofHead,
  tuckerOfHeads,
  tuckerOfLatents,
  type TuckerPair,
} from "../../support/attention_products.ts";
import { methodOf } from "../../support/training.ts";

const a = hostAlgebra();
const [TOKENS, WIDTH, HEADS, SIZE] = [7, 12, 3, 4] as const;
const LATENT = 6;
const SCALE = 1 / Math.sqrt(SIZE);

const random = new Random(5);
const x = a.scale(Math.sqrt(TOKENS), normal(random, TOKENS, WIDTH));

function headMaps(groups: number): HeadMaps {
  return {
    query: normal(random, WIDTH, HEADS * SIZE),
    key: normal(random, WIDTH, groups * SIZE),
    value: normal(random, WIDTH, groups * SIZE),
    output: normal(random, HEADS * SIZE, WIDTH),
  };
}

const latentMaps: LatentMaps = {
  queryDown: normal(random, WIDTH, LATENT),
  queryUp: normal(random, LATENT, HEADS * SIZE),
  down: normal(random, WIDTH, LATENT),
  keyUp: normal(random, LATENT, HEADS * SIZE),
  valueUp: normal(random, LATENT, HEADS * SIZE),
  output: normal(random, HEADS * SIZE, WIDTH),
};

function distance(found: Matrix, expected: Matrix): number {
  const largest = expected.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const difference = a.lincomb(1, found, -1, expected).data;
  return difference.reduce((most, v) => Math.max(most, Math.abs(v)), 0) / largest;
}

/** Multilinear ranks of a tensor that is given in Tucker format. */
async function ranks({ scores }: Pick<TuckerPair, "scores">): Promise<readonly number[]> {
  const whole = tuckerToDense(a, scores);
  const { tucker } = await sequentialHosvd.decompose(a, whole, { tolerance: 1e-11 });
  return tucker.core.shape;
}

const CASES = { mha: HEADS, mqa: 1 } as const;

for (const [name, groups] of Object.entries(CASES)) {
  for (const causal of [true, false]) {
    Deno.test(`Tucker attention is ${name} by the table${causal ? ", causal" : ""}, in float64`, () => {
      const maps = headMaps(groups);
      const pair = tuckerOfHeads(maps, [HEADS, groups]);
      const expected = byHeads(x, maps, [HEADS, groups], causal);
      assertLess(distance(byTucker(x, pair, SCALE, causal), expected), 1e-10);
    });
  }
}

Deno.test("Tucker attention is gqa by the table, in float64", () => {
  const heads = 4;
  const maps = {
    query: normal(random, WIDTH, heads * 3),
    key: normal(random, WIDTH, 2 * 3),
    value: normal(random, WIDTH, 2 * 3),
    output: normal(random, heads * 3, WIDTH),
  };
  const pair = tuckerOfHeads(maps, [heads, 2]);
  const expected = byHeads(x, maps, [heads, 2], true);
  assertLess(distance(byTucker(x, pair, 1 / Math.sqrt(3), true), expected), 1e-10);
});

Deno.test("Tucker attention is mla by the table, in float64", () => {
  const pair = tuckerOfLatents(latentMaps, HEADS);
  const expected = byLatents(x, latentMaps, HEADS, true);
  assertLess(distance(byTucker(x, pair, SCALE, true), expected), 1e-10);
});

Deno.test("multilinear ranks of the tensors are those of the table", async () => {
  const of = (groups: number) => tuckerOfHeads(headMaps(groups), [HEADS, groups]);
  assertEquals(await ranks(of(HEADS)), [HEADS, WIDTH, WIDTH]);
  assertEquals(await ranks(of(1)), [HEADS, WIDTH, SIZE]);
  const latent = tuckerOfLatents(latentMaps, HEADS);
  assertEquals(await ranks(latent), [HEADS, LATENT, LATENT]);
  assertEquals(await ranks({ scores: latent.outputs }), [HEADS, WIDTH, LATENT]);
});

/** Turns pairs half a latent apart, of rows that start at a position. */
function turnFrom(start: number) {
  return (latent: Matrix): Matrix => {
    const [rows, columns] = [a.rows(latent), a.cols(latent)];
    const [half, out] = [columns / 2, Float64Array.from(latent.data)];
    for (let m = 0; m < rows; m++) {
      for (let k = 0; k < half; k++) {
        const angle = (start + m) * 10_000 ** (-2 * k / columns);
        const [i, j] = [m * columns + k, m * columns + k + half];
        const [u, v] = [latent.data[i]!, latent.data[j]!];
        out[i] = u * Math.cos(angle) - v * Math.sin(angle);
        out[j] = v * Math.cos(angle) + u * Math.sin(angle);
      }
    }
    return matrix(out, rows, columns);
  };
}

Deno.test("latent positions matter by their distance only", () => {
  const pair = tuckerOfLatents(latentMaps, HEADS);
  const at = (start: number) => byTucker(x, pair, SCALE, true, turnFrom(start));
  assertLess(distance(at(40), at(0)), 1e-12);
  assertGreater(distance(byTucker(x, pair, SCALE, true), at(0)), 1e-3);
});

/** The same scores with C ×₃ Qᵀ beside U₃ Q. */
function turnedLatent({ scores, outputs }: TuckerPair, q: Matrix): TuckerPair {
  const [r1, r2, r3] = scores.core.shape as [number, number, number];
  const rows = matrix(scores.core.data.data, r1 * r2, r3);
  const data = matrix(a.multiply(rows, q).data, r1, r2 * r3);
  const [u1, u2, u3] = scores.factors as [Matrix, Matrix, Matrix];
  return {
    scores: { core: { shape: [r1, r2, r3], data }, factors: [u1, u2, a.multiply(u3, q)] },
    outputs,
  };
}

Deno.test("an orthogonal turn of the keys changes nothing, but with positions everything", async () => {
  const pair = tuckerOfLatents(latentMaps, HEADS);
  const turned = turnedLatent(pair, await a.orthonormalize(normal(random, LATENT, LATENT)));
  const plain = (p: TuckerPair) => byTucker(x, p, SCALE, true);
  const placed = (p: TuckerPair) => byTucker(x, p, SCALE, true, turnFrom(0));
  assertLess(distance(plain(turned), plain(pair)), 1e-12);
  assertGreater(distance(placed(turned), placed(pair)), 1e-2);
});

Deno.test("a turn within the pairs changes nothing, with positions or without", () => {
  const pair = tuckerOfLatents(latentMaps, HEADS);
  const half = LATENT / 2;
  const q = new Float64Array(LATENT * LATENT);
  for (let k = 0; k < half; k++) {
    const [c, s] = [Math.cos(k + 0.3), Math.sin(k + 0.3)];
    q[k * LATENT + k] = c;
    q[(k + half) * LATENT + k + half] = c;
    q[k * LATENT + k + half] = s;
    q[(k + half) * LATENT + k] = -s;
  }
  const turned = turnedLatent(pair, matrix(q, LATENT, LATENT));
  const placed = (p: TuckerPair) => byTucker(x, p, SCALE, true, turnFrom(0));
  assertLess(distance(placed(turned), placed(pair)), 1e-12);
});

/** One layer's outputs, derivative in the input, and derivatives in weights, of Σ c ∘ y. */
interface Found {
  readonly y: Float32Array;
  readonly dx: Float32Array;
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

async function found(
  backend: string,
  layer: AttentionLayer,
  values: Readonly<Record<string, Matrix>>,
): Promise<Found> {
  const { engine } = await methodOf({ backend });
  return await engine.scope(async () => {
    const states: WeightStates = Object.fromEntries(layer.weights.map(({ name, shape }) => {
      const value = values[name.slice("a.".length, -".weight".length)]!;
      return [name, {
        format: "dense",
        value: engine.tensor(Float32Array.from(value.data), shape),
      }];
    }));
    const network = {
      weights: layer.weights,
      forward: (pass: Pass, t: Tensor) => layer.forward(pass, t, { batch: 1, tokens: TOKENS }),
    };
    const points = currentPoints(network, states);
    const pass = new Pass(engine, network, points, { training: true });
    const input = engine.tensor(Float32Array.from(x.data), [TOKENS, WIDTH]);
    const c = engine.tensor(new Random(9).fillNormal(new Float32Array(TOKENS * WIDTH)), [
      TOKENS,
      WIDTH,
    ]);
    const anchors = layer.weights.map(({ name }) => points.get(name)!.value!);
    const { gradients } = engine.gradients(
      () => engine.sum(engine.mul(network.forward(pass, input), c)),
      [input, ...anchors],
    );
    const read = async (t: Tensor) => await engine.read(t) as Float32Array;
    const own: [string, Float32Array][] = [];
    for (const [i, { name }] of layer.weights.entries()) {
      own.push([name, await read(gradients[i + 1]!)]);
    }
    const y = await read(network.forward(pass, input));
    return { y, dx: await read(gradients[0]!), gradients: Object.fromEntries(own) };
  });
}

function near(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const as = (values: ArrayLike<number>) => matrix(values, 1, values.length);
  assert(distance(as(found), as(expected)) < 1e-5, what);
}

/** The tensor query × head × key of scores, or output × head × value, as the layers have it. */
function asLayerTensor({ core, factors }: TuckerPair["scores"]): Matrix {
  const open = tuckerToDense(a, {
    core,
    factors: [...factors.slice(0, 2), a.identity(core.shape[2]!)],
  });
  const [heads, rows, latent] = open.shape as [number, number, number];
  const out = new Float64Array(rows * heads * latent);
  for (let i = 0; i < heads; i++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < latent; c++) {
        out[(r * heads + i) * latent + c] = open.data.data[(i * rows + r) * latent + c]!;
      }
    }
  }
  return matrix(out, rows, heads * latent);
}

function tuckerValues({ scores, outputs }: TuckerPair, shared: boolean) {
  return {
    query: asLayerTensor(scores),
    key: scores.factors[2]!,
    output: asLayerTensor(outputs),
    ...(shared ? {} : { value: outputs.factors[2]! }),
  };
}

const common = { name: "a", width: WIDTH, heads: HEADS, causal: true };

for (const backend of cpuBackends) {
  for (const [kind, groups] of Object.entries(CASES)) {
    Deno.test({
      ...await onBackend(
        backend,
        `the tucker layer is the ${kind} layer by the table, with gradients`,
      ),
      fn: async () => {
        const maps = headMaps(groups);
        const heads = await found(backend, attentions.get(kind).create(common), { ...maps });
        near(heads.y, byHeads(x, maps, [HEADS, groups], true).data, "outputs of heads");
        const tucker = attentions.get("tucker").tuned!({
          ...{ heads: HEADS, query: WIDTH, key: groups * SIZE, format: "dense" },
        }).create(common);
        const values = tuckerValues(tuckerOfHeads(maps, [HEADS, groups]), false);
        const own = await found(backend, tucker, values);
        near(own.y, heads.y, "outputs");
        near(own.dx, heads.dx, "derivative in the input");
        near(own.gradients["a.key.weight"]!, heads.gradients["a.key.weight"]!, "keys");
        near(own.gradients["a.value.weight"]!, heads.gradients["a.value.weight"]!, "values");
        // Queries of head i meet the keys of its group only.
        const part = (i: number) => {
          const g = Math.floor((i * groups) / HEADS);
          const whole = matrix(own.gradients["a.query.weight"]!, WIDTH, HEADS * groups * SIZE);
          return ofHead(whole, i * groups + g, SIZE);
        };
        const queries = a.hstack(Array.from({ length: HEADS }, (_, i) => part(i)));
        near(queries.data, heads.gradients["a.query.weight"]!, "queries");
      },
    });
  }

  for (const rotary of [undefined, {}]) {
    Deno.test({
      ...await onBackend(
        backend,
        `the tucker layer is the mla layer by the table${rotary ? ", rotary" : ""}`,
      ),
      fn: async () => {
        const placed = { ...common, ...(rotary ? { rotary } : {}) };
        const settings = { query: LATENT, key: LATENT };
        const mla = attentions.get("mla").tuned!(settings).create(placed);
        const latents = await found(backend, mla, { ...latentMaps });
        const pair = tuckerOfLatents(latentMaps, HEADS);
        const turn = rotary ? turnFrom(0) : undefined;
        near(latents.y, byTucker(x, pair, SCALE, true, turn).data, "outputs of latents");
        const tucker = attentions.get("tucker").tuned!({
          ...{ heads: HEADS, query: WIDTH, key: LATENT, shared: true, format: "dense" },
        }).create(placed);
        const own = await found(backend, tucker, tuckerValues(pair, true));
        near(own.y, latents.y, "outputs");
        near(own.dx, latents.dx, "derivative in the input");
        near(own.gradients["a.key.weight"]!, latents.gradients["a.down.weight"]!, "latents");
      },
    });
  }
}
