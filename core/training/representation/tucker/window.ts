import type { Tensor } from "../../../backend/mod.ts";
import { truncateTucker } from "../../../integrators/tucker/mod.ts";
import {
  modeProducts,
  orthonormalizeTucker,
  type TuckerTensor,
  unfoldCyclic,
} from "../../../tensors/mod.ts";
import type { TrainingMethod } from "../../method.ts";
import type { Representation } from "../../representation.ts";
import type { WeightRecord, WeightSpec } from "../../weight.ts";
import { channelsOf, windowOf } from "../matrix_factors.ts";
import { tuckerConv2d, tuckerFieldAt, tuckerPoint } from "./maps.ts";
import { partsIn, tucker } from "./tucker.ts";
import { fieldWithWindow, fourTruncations, openedKernel, withOpenWindow } from "./window_modes.ts";

/** Factors in the order of the modes of a kernel, height×width×inputs×outputs. */
const FACTORS = ["height", "width", "in", "out"] as const;

/** A rule could move four factors as well, but nobody compares with that. */
const { asVariables: _, ...shared } = tucker;

/** A kernel: a core ρ×σ×r×q between four orthonormal bases. */
type FourFactors = Readonly<Record<"kernel" | typeof FACTORS[number], Tensor>>;

/**
 * Kernels as core × four factors: the ranks of height and width adapt with those of the channels,
 * as in the publication (Zangrando, Schotthöfer, Ceruti, Kusch, Tudisco, NeurIPS 2024). Passes
 * compute with the window multiplied out and cost what they do without its bases; what is saved is
 * numbers of the core. Matrices have no window, and are as without one.
 */
export const windowTucker: Representation = {
  ...shared,

  async create(method, spec, random) {
    const state = await tucker.create(method, spec, random);
    return windowOf(spec) ? { ...state, ...wholeWindow(method, spec) } : state;
  },

  conv2d(engine, point, x, use) {
    const { height, width, kernel } = point;
    const opened = height && width
      ? { ...point, kernel: openedKernel(engine, kernel!, { height, width }) }
      : point;
    return tuckerConv2d(engine, opened, x, use);
  },

  atZero: (method, state) => ({ ...state, ...tucker.atZero(method, state) }),

  point: (state) => fourIn(state) ?? tucker.point(state),

  asTucker(method, spec, state) {
    const four = fourIn(state);
    if (!four) return tucker.asTucker(method, spec, state);
    const { algebra: a } = method;
    const extents = windowOf(spec)!;
    return {
      start: tensorOf(method, four),
      truncation: fourTruncations(spec, method.truncation),
      point: (at) => tuckerPoint(method, spec, withOpenWindow(a, at)),
      field: (point, evidence) =>
        fieldWithWindow(a, tuckerFieldAt(method, spec, point, evidence), extents),
      store: (y) => factorsOf(method, y),
    };
  },

  size(state) {
    const four = fourIn(state);
    if (!four) return tucker.size(state);
    const bases = FACTORS.map((name) => four[name]).filter((u) => u.shape[0] !== u.shape[1]);
    return bases.reduce((sum, u) => sum + u.size, four.kernel.size);
  },

  rank(state) {
    const four = fourIn(state);
    if (!four) return tucker.rank(state);
    return Object.fromEntries(FACTORS.map((name) => [name, four[name].shape[1]!]));
  },

  async singularValues(method, state) {
    const four = fourIn(state);
    if (!four) return tucker.singularValues(method, state);
    const { algebra: a } = method;
    const { core } = await orthonormalizeTucker(a, tensorOf(method, four));
    const values = FACTORS.map(async (name, mode) =>
      [name, (await a.svd(unfoldCyclic(a, core, mode))).sigma] as const
    );
    return Object.fromEntries(await Promise.all(values));
  },

  toDense(method, spec, state) {
    const four = fourIn(state);
    if (!four) return tucker.toDense(method, spec, state);
    const { core, factors } = tensorOf(method, four);
    const { engine, algebra } = method;
    return engine.tidy(() => engine.reshape(modeProducts(algebra, core, factors).data, spec.shape));
  },

  async fromDense(method, spec, value, compression) {
    if (!windowOf(spec)) return tucker.fromDense(method, spec, value, compression);
    const { algebra: a } = method;
    const [n, m] = channelsOf(spec);
    const bases = { in: a.identity(n), out: a.identity(m), ...wholeWindow(method, spec) };
    const { y, discarded } = await truncateTucker(
      a,
      tensorOf(method, { kernel: value, ...bases }),
      fourTruncations(spec, method.truncation, compression),
    );
    return { state: factorsOf(method, y), discarded };
  },
};

/** Bases of a window that is not truncated yet. */
function wholeWindow(
  { algebra: a }: TrainingMethod,
  spec: WeightSpec,
): Pick<FourFactors, "height" | "width"> {
  const [height, width] = windowOf(spec)!;
  return { height: a.identity(height), width: a.identity(width) };
}

/** The factors of a kernel, without moments; undefined for a matrix. */
function fourIn(state: WeightRecord): FourFactors | undefined {
  const { height, width } = state as Partial<FourFactors>;
  return height && width ? { ...partsIn(state), height, width } : undefined;
}

function tensorOf({ algebra: a }: TrainingMethod, four: FourFactors): TuckerTensor<Tensor> {
  const { shape } = four.kernel;
  const data = a.reshape(four.kernel, shape[0]!, four.kernel.size / shape[0]!);
  return { core: { shape, data }, factors: FACTORS.map((name) => four[name]) };
}

function factorsOf(
  { engine }: TrainingMethod,
  { core, factors }: TuckerTensor<Tensor>,
): FourFactors {
  const [height, width, u, v] = factors as [Tensor, Tensor, Tensor, Tensor];
  return { kernel: engine.reshape(core.data, core.shape), height, width, in: u, out: v };
}
