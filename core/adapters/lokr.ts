import type { Algebra } from "../algebra/mod.ts";
import { kroneckerExtents } from "../io/mod.ts";
import { gram } from "../geometry/matrices.ts";
import type { Random } from "../random.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";
import { rankLimits, scalar, scaledBy, uniform } from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode lokr}. */
export type LokrSettings = {
  /** Columns of factors that are factorised themselves. */
  rank: number;
  /** Numerator of the scale. */
  alpha: number;
  /** Extent of the first Kronecker factor, or −1. */
  factor: number;
  /** Whether the first Kronecker factor is factorised, too, where that has fewer numbers. */
  both: boolean;
};

/**
 * (α/r) W₁ ⊗ W₂ with W₁ small, and W₂ in factors of rank r where that has fewer numbers (LoKr of
 * LyCORIS: Yeh et al., "Navigating Text-To-Image Customization", arXiv 2309.14859, as PEFT starts
 * it: W₁ at zero).
 */
export const lokr: Tuned<Adapter, LokrSettings> = tunable(adapters, {
  name: "lokr",
  description: "frozen weights plus a Kronecker product of two small factors",
  defaults: { rank: 8, alpha: 8, factor: -1, both: false },
  limits: {
    rank: rankLimits,
    alpha: { above: 0, description: "numerator of the scale α/r" },
    factor: { integer: true, min: -1, description: "extent of the first factor, −1: about √" },
    both: { description: "whether the first factor may be factorised, too" },
  },
  make: (settings) => ({
    attach(a, w, { random }) {
      const plan = planOf([a.rows(w), a.cols(w)], settings);
      return Promise.resolve({
        base: w,
        trained: { ...firstOf(a, plan, random, settings), ...secondOf(a, plan, random, settings) },
        frozen: { scale: scalar(a, settings.alpha / settings.rank) },
      });
    },
    increment(a, t) {
      const { first, second } = kroneckerFactors(a, t);
      return kronecker(a, scaledBy(a, t.scale!, first), second);
    },
    flows: lokrFlows,
    trainables(shape) {
      const { rank } = settings;
      const { first, second, ...low } = planOf(shape, settings);
      const count = ([m, n]: readonly [number, number], isLow: boolean) =>
        isLow ? rank * (m + n) : m * n;
      return count(first, low.firstLow) + count(second, low.secondLow);
    },
  }),
});

/** Shapes of both Kronecker factors, and which of them are factorised. */
interface Plan {
  readonly first: readonly [number, number];
  readonly second: readonly [number, number];
  readonly firstLow: boolean;
  readonly secondLow: boolean;
}

function planOf(
  [inputs, outputs]: readonly [number, number],
  { rank, factor, both }: LokrSettings,
): Plan {
  const [rows, columns] = [kroneckerExtents(inputs, factor), kroneckerExtents(outputs, factor)];
  const [first, second] = [[rows[0], columns[0]], [rows[1], columns[1]]] as const;
  return {
    first,
    second,
    firstLow: both && rank < Math.max(...first) / 2,
    secondLow: rank < Math.max(...second) / 2,
  };
}

function firstOf<M>(
  a: Algebra<M>,
  { first: [rows, columns], firstLow }: Plan,
  random: Random,
  { rank }: LokrSettings,
): Tensors<M> {
  if (!firstLow) return { w1: a.zeros(rows, columns) };
  const u1 = uniform(a, random.fork("u1"), [rows, rank], 1 / Math.sqrt(rows));
  return { u1, v1: a.zeros(columns, rank) };
}

function secondOf<M>(
  a: Algebra<M>,
  { second: [rows, columns], secondLow }: Plan,
  random: Random,
  { rank }: LokrSettings,
): Tensors<M> {
  const bound = 1 / Math.sqrt(rows);
  if (!secondLow) return { w2: uniform(a, random.fork("w2"), [rows, columns], bound) };
  return {
    u2: uniform(a, random.fork("u2"), [rows, rank], bound),
    v2: uniform(a, random.fork("v2"), [columns, rank], 1 / Math.sqrt(rank)),
  };
}

/** W₁ and W₂, inputs×outputs each. */
export function kroneckerFactors<M>(a: Algebra<M>, t: Tensors<M>): { first: M; second: M } {
  const product = (u: M, v: M): M => a.multiply(u, v, { transposeRight: true });
  return { first: t.w1 ?? product(t.u1!, t.v1!), second: t.w2 ?? product(t.u2!, t.v2!) };
}

/** X ⊗ Y: block (i, j) is xᵢⱼ Y. */
export function kronecker<M>(a: Algebra<M>, x: M, y: M): M {
  return a.hadamard(spread(a, x, y), tiled(a, x, y));
}

/** Every entry of X in a block of the shape of Y. */
function spread<M>(a: Algebra<M>, x: M, y: M): M {
  const [rows, columns] = [repeats(a, a.rows(x), a.rows(y)), repeats(a, a.cols(x), a.cols(y))];
  return a.multiply(a.multiply(rows, x), columns, { transposeRight: true });
}

/** Y in every block of X. */
function tiled<M>(a: Algebra<M>, x: M, y: M): M {
  const [rows, columns] = [tiles(a, a.rows(x), a.rows(y)), tiles(a, a.cols(x), a.cols(y))];
  return a.multiply(a.multiply(rows, y), columns, { transposeRight: true });
}

/** I ⊗ 1: each row of the n×n identity so many times. */
function repeats<M>(a: Algebra<M>, n: number, times: number): M {
  const data = new Float32Array(n * times * n);
  for (let i = 0; i < n * times; i++) data[i * n + Math.floor(i / times)] = 1;
  return a.from(data, n * times, n);
}

/** 1 ⊗ I: the n×n identity so many times. */
function tiles<M>(a: Algebra<M>, times: number, n: number): M {
  const data = new Float32Array(times * n * n);
  for (let i = 0; i < n * times; i++) data[i * n + i % n] = 1;
  return a.from(data, n * times, n);
}

function lokrFlows<M>(
  a: Algebra<M>,
  t: Tensors<M>,
  evidence: AdapterEvidence<M>,
): Tensors<M> {
  const { first: x, second: y } = kroneckerFactors(a, t);
  const f = scaledBy(a, t.scale!, evidence.whole());
  const [down, across] = [repeats(a, a.rows(x), a.rows(y)), repeats(a, a.cols(x), a.cols(y))];
  const first = gram(a, down, a.multiply(a.hadamard(f, tiled(a, x, y)), across));
  const [below, beside] = [tiles(a, a.rows(x), a.rows(y)), tiles(a, a.cols(x), a.cols(y))];
  const second = gram(a, below, a.multiply(a.hadamard(f, spread(a, x, y)), beside));
  return {
    ...(t.w1 ? { w1: first } : { u1: a.multiply(first, t.v1!), v1: gram(a, first, t.u1!) }),
    ...(t.w2 ? { w2: second } : { u2: a.multiply(second, t.v2!), v2: gram(a, second, t.u2!) }),
  };
}
