import type { Tensor } from "../backend/mod.ts";
import { truncateTucker } from "../integrators/tucker/mod.ts";
import {
  modeProducts,
  orthonormalizeTucker,
  type TuckerTensor,
  unfoldCyclic,
} from "../tensors/mod.ts";
import { lowRankFormat } from "./low_rank_format.ts";
import { channelsOf, windowOf } from "./matrix_factors.ts";
import {
  type TrainingMethod,
  type WeightFormat,
  weightFormats,
  type WeightSpec,
  type WeightState,
} from "./parameter.ts";
import { modeTruncations, partsOf, tuckerOf } from "./tucker_factors.ts";
import { planOf, tuckerConv2d, tuckerFieldAt, tuckerPoint } from "./tucker_maps.ts";
import { partsIn, tuckerMembers } from "./tucker_members.ts";
import { moveTucker } from "./tucker_update.ts";
import { fieldWithWindow, fourTruncations, openedKernel, withOpenWindow } from "./window_modes.ts";

/** Factors in the order of the modes of a kernel, height×width×inputs×outputs. */
const FACTORS = ["height", "width", "in", "out"] as const;
/** What both kinds of weights share; matrices have no window, and all from here. */
const shared = tuckerMembers({
  name: "window-tucker",
  description: "kernels as core × bases of window and channels, moved by an integrator",
});
const FORMAT = shared.name;

/** A kernel: a core ρ×σ×r×q between four orthonormal bases. */
type FourFactors = Readonly<Record<"kernel" | typeof FACTORS[number], Tensor>>;

/**
 * Kernels as core × four factors, moved by an integrator on the manifold of Tucker tensors: the
 * ranks of height and width adapt with those of the channels, as in the publication (Zangrando,
 * Schotthöfer, Ceruti, Kusch, Tudisco, NeurIPS 2024). Passes compute with the window multiplied
 * out and cost what they do without its bases; what is saved is numbers of the core.
 */
export const windowTuckerFormat: WeightFormat = weightFormats.add({
  ...shared,
  waits: false,
  matrices: lowRankFormat.name,

  async create(method, spec, random) {
    const state = await shared.create(method, spec, random);
    return windowOf(spec) ? { ...state, ...wholeWindow(method, spec) } : state;
  },

  conv2d(engine, point, x, bias, geometry, activation, capture) {
    const { height, width, kernel } = point;
    const opened = height && width
      ? { ...point, kernel: openedKernel(engine, kernel!, { height, width }) }
      : point;
    return tuckerConv2d(engine, opened, x, bias, geometry, activation, capture);
  },

  point: (state) => fourIn(state) ?? shared.point(state),

  async *update(method, spec, state, rate) {
    const { algebra: a } = method;
    const four = fourIn(state);
    const extents = windowOf(spec)!;
    const { y, memory, discarded } = yield* moveTucker(method, spec, state, rate, {
      start: four ? tensorOf(method, four) : tuckerOf(method, partsIn(state)),
      truncation: four
        ? fourTruncations(spec, method.truncation)
        : modeTruncations(spec, method.truncation),
      point: (at) => tuckerPoint(method, spec, four ? withOpenWindow(a, at) : at),
      field(point, evidence) {
        const f = tuckerFieldAt(method, spec, point, evidence);
        return four ? fieldWithWindow(a, f, extents) : f;
      },
    });
    const parts = four ? factorsOf(method, y) : partsOf(method, spec, y);
    return { state: { format: FORMAT, ...parts, ...memory }, discarded };
  },

  size(state) {
    const four = fourIn(state);
    if (!four) return shared.size(state);
    const bases = FACTORS.map((name) => four[name]).filter((u) => u.shape[0] !== u.shape[1]);
    return bases.reduce((sum, u) => sum + u.size, four.kernel.size);
  },

  rank(state) {
    const four = fourIn(state);
    if (!four) return shared.rank(state);
    return Object.fromEntries(FACTORS.map((name) => [name, four[name].shape[1]!]));
  },

  async singularValues(method, state) {
    const four = fourIn(state);
    if (!four) return shared.singularValues(method, state);
    const { algebra: a } = method;
    const { core } = await orthonormalizeTucker(a, tensorOf(method, four));
    const values = FACTORS.map(async (name, mode) =>
      [name, (await a.svd(unfoldCyclic(a, core, mode))).sigma] as const
    );
    return Object.fromEntries(await Promise.all(values));
  },

  toDense(method, spec, state) {
    const four = fourIn(state);
    if (!four) return shared.toDense(method, spec, state);
    const { core, factors } = tensorOf(method, four);
    const { engine, algebra } = method;
    return engine.tidy(() => engine.reshape(modeProducts(algebra, core, factors).data, spec.shape));
  },

  async fromDense(method, spec, value, compression) {
    if (!windowOf(spec)) return shared.fromDense(method, spec, value, compression);
    const { algebra: a } = method;
    const [n, m] = channelsOf(spec);
    const bases = { in: a.identity(n), out: a.identity(m), ...wholeWindow(method, spec) };
    const { y, discarded } = await truncateTucker(
      a,
      tensorOf(method, { kernel: value, ...bases }),
      fourTruncations(spec, method.truncation, compression),
    );
    return { state: { format: FORMAT, ...factorsOf(method, y) }, discarded };
  },

  plan(spec, state) {
    return planOf(spec, partsIn(state).kernel);
  },
});

/** Bases of a window that is not truncated yet. */
function wholeWindow(
  { algebra: a }: TrainingMethod,
  spec: WeightSpec,
): Pick<FourFactors, "height" | "width"> {
  const [height, width] = windowOf(spec)!;
  return { height: a.identity(height), width: a.identity(width) };
}

/** The factors of a kernel, without moments; undefined for a matrix. */
function fourIn(state: WeightState): FourFactors | undefined {
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
