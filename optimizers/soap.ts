import { type Algebra, type BasisChange, movesFactors, type RuleState } from "../core/mod.ts";
import { directionOf, forMatrices } from "./base_rule.ts";
import { eigenvectors, gramsWithin, sideLimits } from "./eigenbasis.ts";
import { countOf, decayLimits, momentLimits } from "./moments.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode soap}. */
export type SoapSettings = {
  /** Decay of the means of G Gᵀ and Gᵀ G. */
  readonly memory: number;
  /** Steps between two turns of the bases. */
  readonly every: number;
  /** Longest side that has a basis. */
  readonly maxSide: number;
  /** Optimizer in the bases, and of vectors. */
  readonly base: string;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** One side of a matrix. */
type SideState<M> = {
  /** Mean of G Gᵀ, or of Gᵀ G. */
  readonly mean: M;
  /** Near to its eigenvectors. */
  readonly basis: M;
};

/** The sides of a matrix that are not too long: m×m and n×n. */
type Sides<M> = Readonly<Partial<Record<"left" | "right", SideState<M>>>>;

/** State of a matrix. */
type SoapState<M> = Sides<M> & {
  /** Updates taken, the first one included, which only looks. */
  readonly count: number;
  /** State of the base rule in the bases. */
  readonly base?: RuleState<M>;
};

/**
 * SOAP (Vyas et al., arXiv 2409.11321): a base rule, Adam as published, in the eigenbases of the
 * means of G Gᵀ and Gᵀ G. W ← (1 − ηλ) W − η Q ψ(Qᵀ G P) Pᵀ. The bases take one step of orthogonal
 * iteration every so many updates, ordered by their Rayleigh quotients; first moments are turned
 * along and second ones reordered. The first update finds the bases and leaves W.
 *
 * Published settings: base.momentum = base.beta2 = memory = 0.95, weightDecay = 0.01.
 * State: 2 m² + 2 n² and what the base rule keeps of m×n.
 *
 * @throws {RangeError} On creation, for a base rule that cannot carry its state into other bases.
 */
export const soap: Optimizer<SoapSettings> = defineOptimizer({
  name: "soap",
  description: "a base rule in the eigenbases of the gradients' squares (SOAP)",
  defaults: { memory: 0.95, every: 10, maxSide: 2048, base: "adam", weightDecay: 0 },
  limits: {
    memory: momentLimits("decay of the means of G Gᵀ and Gᵀ G"),
    every: { integer: true, min: 1, description: "steps between two turns of the bases" },
    maxSide: sideLimits,
    base: { description: "optimizer in the bases, and of vectors" },
    weightDecay: decayLimits,
  },
  rule(s, makeBase) {
    const base = makeBase();
    if (!movesFactors(base)) {
      throw new RangeError(
        `Cannot base optimizer "soap" on "${base.name}": expected one that carries its state into ` +
          `other bases, such as "adam"`,
      );
    }
    return forMatrices(base, async (a, x, flow, { rate, decay }, state) => {
      const count = countOf(state);
      const gamma = 1 - rate * decay;
      if (!state) {
        if (!(await a.norm(flow) > 0)) return { value: a.scale(gamma, x) };
        return { value: a.scale(gamma, x), state: { count, ...await firstSides(a, flow, s) } };
      }
      const { base: known, left, right } = state as SoapState<typeof x>;
      const sides = { ...left && { left }, ...right && { right } };
      const moved = await directionOf(a, base, into(a, sides, flow), known);
      const value = a.lincomb(gamma, x, rate, outOf(a, sides, moved.value));
      const averaged = averagedSides(a, sides, flow, s);
      const isDue = (count - 1) % s.every === 0;
      const { next, change } = isDue ? await turnedSides(a, averaged) : { next: averaged };
      const kept = moved.state && change ? base.transport(a, moved.state, change) : moved.state;
      return { value, state: { count, ...next, ...(kept ? { base: kept } : {}) } };
    });
  },
});

/** Qᵀ X P, without the bases that are not there. */
function into<M>(a: Algebra<M>, { left, right }: Sides<M>, x: M): M {
  const half = left ? a.multiply(left.basis, x, { transposeLeft: true }) : x;
  return right ? a.multiply(half, right.basis) : half;
}

/** Q X Pᵀ. */
function outOf<M>(a: Algebra<M>, { left, right }: Sides<M>, x: M): M {
  const half = left ? a.multiply(left.basis, x) : x;
  return right ? a.multiply(half, right.basis, { transposeRight: true }) : half;
}

/** Means of one flow, and their eigenvectors. */
async function firstSides<M>(a: Algebra<M>, flow: M, s: SoapSettings): Promise<Sides<M>> {
  const sides: Record<string, SideState<M>> = {};
  for (const [name, gram] of Object.entries(gramsWithin(a, flow, s.maxSide))) {
    const mean = a.scale(1 - s.memory, gram);
    sides[name] = { mean, basis: (await eigenvectors(a, mean)).p };
  }
  return sides;
}

/** Means with one more flow, in the bases as they are. */
function averagedSides<M>(a: Algebra<M>, before: Sides<M>, flow: M, s: SoapSettings): Sides<M> {
  const grams = gramsWithin(a, flow, s.maxSide);
  const sides: Record<string, SideState<M>> = {};
  for (const [name, { mean, basis }] of Object.entries(before)) {
    const gram = grams[name as keyof Sides<M>]!;
    sides[name] = { mean: a.lincomb(s.memory, mean, 1 - s.memory, gram), basis };
  }
  return sides;
}

/** Bases after a step of orthogonal iteration, and how what lies in them follows. */
async function turnedSides<M>(
  a: Algebra<M>,
  { left, right }: Sides<M>,
): Promise<{ readonly next: Sides<M>; readonly change: BasisChange<M> }> {
  const [l, r] = [left && await turned(a, left), right && await turned(a, right)];
  const between = (p: M | undefined, x: M, q: M | undefined): M => {
    const half = p === undefined ? x : a.multiply(p, x, { transposeLeft: true });
    return q === undefined ? half : a.multiply(half, q);
  };
  return {
    next: { ...l && { left: l.side }, ...r && { right: r.side } },
    change: {
      carry: (x) => between(l?.turn, x, r?.turn),
      carrySquare: (x) => between(l?.order, x, r?.order),
    },
  };
}

/** One side after a step of orthogonal iteration, from columns in order of their quotients. */
async function turned<M>(
  a: Algebra<M>,
  { mean, basis }: SideState<M>,
): Promise<{ readonly side: SideState<M>; readonly turn: M; readonly order: M }> {
  const image = a.multiply(mean, basis);
  const order = descending(a, await columnProducts(a, basis, image));
  const { q } = await a.qr(a.multiply(image, order));
  const turn = a.multiply(basis, q, { transposeLeft: true });
  return { side: { mean, basis: q }, turn, order };
}

/** The diagonal of Xᵀ Y. */
async function columnProducts<M>(a: Algebra<M>, x: M, y: M): Promise<Float64Array> {
  const [n, p, q] = [a.cols(x), await a.read(x), await a.read(y)];
  const sums = new Float64Array(n);
  for (let k = 0; k < p.length; k++) sums[k % n]! += p[k]! * q[k]!;
  return sums;
}

/** The permutation that, on the right of a matrix, puts columns in the order of their values. */
function descending<M>(a: Algebra<M>, values: Float64Array): M {
  const n = values.length;
  const entries = new Float32Array(n * n);
  const order = [...values.keys()].sort((i, j) => values[j]! - values[i]!);
  order.forEach((from, to) => entries[from * n + to] = 1);
  return a.from(entries, n, n);
}
