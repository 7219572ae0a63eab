import type { ConvGeometry, Engine, Tensor } from "../../core/mod.ts";
import { fixed, integers, type Workload, type WorkloadKind } from "./workload.ts";

/** Images in a batch. */
export const CONV_BATCH = 128;

/** Share of a kernel's weights that the factors keep. */
const KEPT = 0.15;

/** Extents of a layer: square images and kernels, "same" padding. */
interface LayerSize {
  readonly image: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
}

/**
 * The rank at which core and bases together keep the share of a kernel's weights.
 *
 * @param area Height times width of the kernel.
 */
export function keptRank(area: number, inputs: number, outputs: number): number {
  const bases = inputs + outputs;
  const root = Math.sqrt(bases ** 2 + 4 * area * KEPT * area * inputs * outputs);
  return Math.max(1, Math.round((root - bases) / (2 * area)));
}

/** Tensors of a layer: convolution without bias, batch normalisation, ReLU. */
class LayerWork {
  readonly #engine: Engine;
  readonly #geometry: ConvGeometry;
  readonly #x: Tensor;
  readonly #weights: readonly Tensor[];
  readonly #scale: Tensor;
  readonly #shift: Tensor;
  readonly #up: Tensor;
  readonly #first: boolean;

  constructor(engine: Engine, s: LayerSize, chain: boolean) {
    const pad = Math.floor(s.kernel / 2);
    this.#engine = engine;
    this.#geometry = {
      strides: [s.stride, s.stride],
      padding: { top: pad, bottom: pad, left: pad, right: pad },
      dilations: [1, 1],
      groups: 1,
    };
    this.#x = fixed(engine, [CONV_BATCH, s.image, s.image, s.inputs]);
    this.#weights = chain ? chainOf(engine, s) : [kernelOf(engine, s.kernel, s.inputs, s.outputs)];
    this.#scale = fixed(engine, [s.outputs], 1, 3);
    this.#shift = fixed(engine, [s.outputs], 1, 4);
    this.#up = fixed(engine, [CONV_BATCH, s.outputs], 1, 5);
    // Images themselves need no gradient.
    this.#first = s.inputs === 3;
  }

  forward(): Tensor {
    const [w, core, v] = this.#weights as [Tensor, Tensor?, Tensor?];
    const e = this.#engine;
    const z = core && v
      ? e.chainConv2d(this.#x, { u: w, core, v }, null, this.#geometry, "identity")
      : e.conv2d(this.#x, w, null, this.#geometry, "identity");
    return e.batchNorm(z, this.#scale, this.#shift, 1e-5, "relu").y;
  }

  /** Forward and backward pass; of a chain the gradients of all three factors. */
  step(): Tensor {
    const e = this.#engine;
    const inputs = [...this.#first ? [] : [this.#x], ...this.#weights, this.#scale, this.#shift];
    // A loss that costs next to nothing beside the layer.
    const loss = () => e.sum(e.mul(e.globalAveragePool(this.forward()), this.#up));
    return e.gradients(loss, inputs).value;
  }
}

function kernelOf(engine: Engine, size: number, inputs: number, outputs: number): Tensor {
  return fixed(engine, [size, size, inputs, outputs], 1 / (size * Math.sqrt(inputs)), 2);
}

function chainOf(engine: Engine, s: LayerSize): Tensor[] {
  const rank = keptRank(s.kernel ** 2, s.inputs, s.outputs);
  return [
    fixed(engine, [s.inputs, rank], 1 / Math.sqrt(s.inputs), 6),
    kernelOf(engine, s.kernel, rank, rank),
    fixed(engine, [s.outputs, rank], 1 / Math.sqrt(rank), 7),
  ];
}

/** One layer of a convolutional network: full kernel or chain of factors, batch norm and ReLU. */
export const conv: WorkloadKind = {
  name: "conv",
  usage: "conv dense|chain forward|step image inputs outputs kernel stride",
  create(engine, words): Workload {
    const [form, pass, ...rest] = words;
    const [image, inputs, outputs, kernel, stride] = integers(rest, 5, this.usage) as Five;
    const known = ["dense", "chain"].includes(form!) && ["forward", "step"].includes(pass!);
    if (!known) throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
    const size = { image, inputs, outputs, kernel, stride };
    const work = new LayerWork(engine, size, form === "chain");
    let last: Tensor | undefined;
    return {
      step(): void {
        last?.dispose();
        last = engine.keep(engine.tidy(() => pass === "step" ? work.step() : work.forward()));
      },
      async finish(): Promise<void> {
        if (last) await engine.read(engine.tidy(() => engine.sum(last!)));
      },
    };
  },
};

type Five = [number, number, number, number, number];
