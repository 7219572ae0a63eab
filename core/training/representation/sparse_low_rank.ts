import type { Engine, Tensor } from "../../backend/mod.ts";
import { checkNumber } from "../../checks.ts";
import { Random } from "../../random.ts";
import type { Representation } from "../representation.ts";
import { fullSize, type WeightRecord, type WeightSpec } from "../weight.ts";
import { adapted } from "./adapted.ts";
import { dense } from "./dense.ts";
import { factored } from "./factored.ts";
import { matrixShape } from "./matrix_factors.ts";

/** A sparse matrix with factors beside it. */
export interface SparseLowRankRecord extends WeightRecord {
  /** S, in full. */
  readonly base: { readonly value: Tensor };
  /** U Vᵀ. */
  readonly increment: WeightRecord;
  /** Where S may have entries: their places in row-major order, ascending. */
  readonly support: Tensor;
}

/** Settings of {@linkcode sparseLowRank}. */
export interface SparseLowRankOptions {
  /** Share of the entries that S may have. */
  readonly density: number;
}

/** Float32 holds the places of entries up to here. */
const MOST_ENTRIES = 2 ** 24;

const both = adapted(dense, factored);

/**
 * W = S + α U Vᵀ, S with entries on a random support that never changes (SLTrain: Han et al., arXiv
 * 2406.02214). It starts as S alone. S is held in full, so that products are dense ones; what is
 * trained and has moments are the entries of the support and the factors.
 */
export function sparseLowRank({ density }: SparseLowRankOptions): Representation {
  checkNumber("make a sparse weight", "density", density, { above: 0, most: 1 });
  return {
    ...both,
    // The gradient in S is that in W, from which those in the factors follow.
    anchor: "base.value",

    async create(method, spec, random) {
      const places = drawSupport(spec, density, random.fork("support"));
      const reach = 1 / Math.sqrt(matrixShape(spec)[0]);
      const entries = random.fork("entries")
        .fillUniform(new Float32Array(places.length), -reach, reach);
      const { increment } = await both.create(method, spec, random);
      return record(method.engine, spec, places, entries, increment as WeightRecord);
    },

    size(state) {
      const { increment, support } = state as SparseLowRankRecord;
      return support.size + factored.size(increment);
    },

    async fromDense(method, spec, value, compression) {
      const { engine } = method;
      const scale = spec.scale ?? 1;
      const target = engine.scale(1 / scale, value);
      const { state: increment } = await factored.fromDense!(method, spec, target, compression);
      const low = factored.toDense!(method, spec, increment);
      const rest = Float32Array.from(await engine.read(engine.lincomb(1, value, -scale, low)));
      const places = drawSupport(spec, density, new Random(0).fork(spec.name));
      const entries = places.map((place) => rest[place]!);
      for (const place of places) rest[place] = 0;
      const discarded = (await engine.read(engine.norm(engine.tensor(rest, spec.shape))))[0]!;
      return { state: record(engine, spec, places, entries, increment), discarded };
    },

    gradientSquare: dense.gradientSquare,

    asVariables(method, spec, state) {
      const { algebra: a } = method;
      const reading = both.asVariables!(method, spec, state);
      const scale = spec.scale ?? 1;
      const { u, v } = reading.start;
      return {
        ...reading,
        gradients({ gradient }) {
          const f = a.reshape(gradient, ...matrixShape(spec));
          return {
            u: a.scale(scale, a.multiply(f, v!)),
            v: a.scale(scale, a.multiply(f, u!, { transposeLeft: true })),
          };
        },
      };
    },
  };
}

/** Places of entries, ascending, each as likely as any other. */
function drawSupport(spec: WeightSpec, density: number, random: Random): Float32Array {
  const size = fullSize(spec);
  if (size > MOST_ENTRIES) {
    throw new RangeError(
      `Cannot make "${spec.name}" sparse plus low rank: expected at most ${MOST_ENTRIES} entries, ` +
        `got ${size}`,
    );
  }
  const places = random.shuffle(Float32Array.from({ length: size }, (_, i) => i));
  return places.slice(0, Math.max(1, Math.floor(density * size))).sort();
}

function record(
  engine: Engine,
  spec: WeightSpec,
  places: Float32Array,
  entries: Float32Array,
  increment: WeightRecord,
): SparseLowRankRecord {
  return {
    base: { value: scattered(engine, spec, places, entries) },
    increment,
    support: engine.tensor(places, [places.length]),
  };
}

/** A whole weight with given entries at given places. */
export function scattered(
  engine: Engine,
  spec: WeightSpec,
  places: ArrayLike<number>,
  entries: ArrayLike<number>,
): Tensor {
  const whole = new Float32Array(fullSize(spec));
  for (let k = 0; k < places.length; k++) whole[places[k]!] = entries[k]!;
  return engine.tensor(whole, spec.shape);
}

/** The entries of a whole weight at given places. */
export async function gathered(
  engine: Engine,
  whole: Tensor,
  places: ArrayLike<number>,
): Promise<Tensor> {
  const entries = await engine.read(whole);
  return engine.tensor(Float32Array.from(places, (place) => entries[place]!), [places.length]);
}
