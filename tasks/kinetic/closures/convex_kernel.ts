/**
 * Gradients of input-convex networks in WebAssembly, sixteen inputs at a time: their values through
 * all layers stay in the cache, where an engine passes whole batches through one operation after
 * the other.
 *
 * @module
 */

import {
  assemble,
  FunctionBuilder,
  hasFused,
  type I32,
  i32,
  type Local,
  PAGE,
  rounded,
  softplusAndSlope,
  type V128,
  v128,
} from "../../../core/wasm/mod.ts";

const { mul } = v128;
const multiplyAdd = hasFused() ? v128.relaxedMadd : rounded;
const BYTES = 4;
/** Vectors of four inputs that go through together: as many sums as hide the latency of each. */
const VECTORS = 4;
const VECTOR = 16;
const GROUP = VECTORS * VECTOR;

/** The matrices of one layer, row after row. */
export interface ConvexLayer {
  /** From the inputs, inputs × neurons. */
  readonly direct: Float32Array;
  /** By neuron. */
  readonly bias: Float32Array;
  /** From the layer before, its neurons × neurons; absent in the first. */
  readonly convex?: Float32Array;
}

/** Gradients of one network. */
export class ConvexKernel {
  /** Inputs, each a row of {@linkcode ConvexKernel.pitch} numbers. */
  readonly x: Float32Array;
  /** Derivatives by each input, of the same shape. */
  readonly gradient: Float32Array;
  /** Most that are answered at once. */
  readonly pitch: number;
  readonly #run: (bytes: number) => void;

  /**
   * Assembles the function of a network.
   *
   * @param layers From the inputs to the one output, whose layer has one neuron.
   * @param most Inputs at once.
   */
  constructor(inputs: number, layers: readonly ConvexLayer[], most: number) {
    this.pitch = Math.ceil(BYTES * most / GROUP) * GROUP / BYTES;
    const plan = planOf(inputs, layers, BYTES * this.pitch);
    const pages = Math.ceil(plan.end / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages });
    const view = (address: number, length: number): Float32Array =>
      new Float32Array(memory.buffer, address, length);
    layers.forEach(({ direct, bias, convex }, k) => {
      const at = plan.layers[k]!;
      view(at.direct, direct.length).set(direct);
      view(at.bias, bias.length).set(bias);
      if (convex) view(at.convex, convex.length).set(convex);
    });
    this.x = view(plan.x, inputs * this.pitch);
    this.gradient = view(plan.gradient, inputs * this.pitch);
    const binary = assemble({ run: gradientFunction(plan) }, false, pages);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
    this.#run = instance.exports.run as (bytes: number) => void;
  }

  /** Gradients at the first so many inputs; at some that follow, too. */
  run(count: number): void {
    this.#run(BYTES * count);
  }
}

/** Addresses of a layer. */
interface LayerPlan {
  readonly neurons: number;
  readonly direct: number;
  readonly bias: number;
  readonly convex: number;
  /** Outputs of the neurons for a group. */
  readonly z: number;
  /** Their slopes, and then what the output changes by. */
  readonly slope: number;
}

interface Plan {
  readonly inputs: number;
  /** Bytes of a row of inputs. */
  readonly row: number;
  readonly layers: readonly LayerPlan[];
  readonly x: number;
  readonly gradient: number;
  readonly end: number;
}

function planOf(inputs: number, layers: readonly ConvexLayer[], row: number): Plan {
  let end = 0;
  const place = (bytes: number): number => {
    const start = end;
    end += GROUP * Math.ceil(bytes / GROUP);
    return start;
  };
  const planned = layers.map(({ direct, bias, convex }): LayerPlan => ({
    neurons: bias.length,
    direct: place(BYTES * direct.length),
    bias: place(BYTES * bias.length),
    convex: place(BYTES * (convex?.length ?? 0)),
    z: place(GROUP * bias.length),
    slope: place(GROUP * bias.length),
  }));
  return {
    inputs,
    row,
    layers: planned,
    x: place(inputs * row),
    gradient: place(inputs * row),
    end,
  };
}

/** Calls the body for the number of each neuron times a count of bytes. */
function loop(f: FunctionBuilder, count: number, body: (n: Local<"i32">) => void): void {
  const n = f.local("i32");
  f.emit(n.set(i32.const(0)));
  f.while(i32.ltU(n, i32.const(count)), () => {
    body(n);
    f.emit(n.set(i32.add(n, i32.const(1))));
  });
}

const times = (n: I32, bytes: number): I32 => i32.mul(n, i32.const(bytes));

/** Adds a weight times a group of values to sums. */
function accumulate(
  f: FunctionBuilder,
  sums: readonly Local<"v128">[],
  weight: V128,
  value: (vector: number) => V128,
): void {
  const factor = f.local("v128", weight);
  sums.forEach((sum, v) => f.emit(sum.set(multiplyAdd(factor, value(v), sum))));
}

function gradientFunction(plan: Plan): FunctionBuilder {
  const f = new FunctionBuilder();
  const end = f.parameter("i32");
  const at = f.local("i32", i32.const(0));
  const sums = Array.from({ length: VECTORS }, () => f.local("v128"));
  const gradients = Array.from(
    { length: plan.inputs },
    () => Array.from({ length: VECTORS }, () => f.local("v128")),
  );
  const hidden = plan.layers.slice(0, -1);
  f.while(i32.ltU(at, end), () => {
    hidden.forEach((layer, k) => forwards(f, plan, { layer, before: hidden[k - 1], at, sums }));
    const last = plan.layers.at(-1)!;
    gradients.forEach((gradient, i) =>
      gradient.forEach((g) => f.emit(g.set(v128.load32Splat(i32.const(last.direct + BYTES * i)))))
    );
    for (let k = hidden.length - 1; k >= 0; k--) {
      backwards(f, { layer: hidden[k]!, after: plan.layers[k + 1]!, sums, gradients });
    }
    gradients.forEach((gradient, i) =>
      gradient.forEach((g, v) =>
        f.emit(v128.store(at, g, plan.gradient + i * plan.row + v * VECTOR))
      )
    );
    f.emit(at.set(i32.add(at, i32.const(GROUP))));
  });
  return f;
}

/** z = σ(x A + b + z_before W) with the slopes σ′, neuron by neuron. */
function forwards(
  f: FunctionBuilder,
  { inputs, row, x }: Plan,
  { layer, before, at, sums }: {
    readonly layer: LayerPlan;
    readonly before: LayerPlan | undefined;
    readonly at: I32;
    readonly sums: readonly Local<"v128">[];
  },
): void {
  const { neurons } = layer;
  loop(f, neurons, (n) => {
    const column = f.local("i32", times(n, BYTES));
    sums.forEach((sum) => f.emit(sum.set(v128.load32Splat(column, layer.bias))));
    for (let i = 0; i < inputs; i++) {
      const weight = v128.load32Splat(column, layer.direct + BYTES * i * neurons);
      accumulate(f, sums, weight, (v) => v128.load(at, x + i * row + v * VECTOR));
    }
    if (before) {
      const place = f.local("i32");
      f.emit(place.set(column));
      loop(f, before.neurons, (m) => {
        const from = f.local("i32", times(m, GROUP));
        const weight = v128.load32Splat(place, layer.convex);
        accumulate(f, sums, weight, (v) => v128.load(from, before.z + v * VECTOR));
        f.emit(place.set(i32.add(place, i32.const(BYTES * neurons))));
      });
    }
    const to = f.local("i32", times(n, GROUP));
    sums.forEach((sum, v) => {
      const { value, slope } = softplusAndSlope(f, sum, multiplyAdd);
      f.emit(v128.store(to, value, layer.z + v * VECTOR));
      f.emit(v128.store(to, slope, layer.slope + v * VECTOR));
    });
  });
}

/** What the output changes by with each neuron of a layer, W c_after times its slope; onto inputs. */
function backwards(
  f: FunctionBuilder,
  { layer, after, sums, gradients }: {
    readonly layer: LayerPlan;
    readonly after: LayerPlan;
    readonly sums: readonly Local<"v128">[];
    readonly gradients: readonly (readonly Local<"v128">[])[];
  },
): void {
  const { neurons } = layer;
  loop(f, neurons, (n) => {
    const weights = f.local("i32", times(n, BYTES * after.neurons));
    if (after.neurons === 1) {
      sums.forEach((sum) => f.emit(sum.set(v128.load32Splat(weights, after.convex))));
    } else {
      sums.forEach((sum) => f.emit(sum.set(v128.const(0))));
      loop(f, after.neurons, (m) => {
        const from = f.local("i32", times(m, GROUP));
        const place = i32.add(weights, times(m, BYTES));
        const weight = v128.load32Splat(place, after.convex);
        accumulate(f, sums, weight, (v) => v128.load(from, after.slope + v * VECTOR));
      });
    }
    const to = f.local("i32", times(n, GROUP));
    sums.forEach((sum, v) => {
      f.emit(sum.set(mul(sum, v128.load(to, layer.slope + v * VECTOR))));
      f.emit(v128.store(to, sum, layer.slope + v * VECTOR));
    });
    const column = times(n, BYTES);
    gradients.forEach((gradient, i) =>
      accumulate(
        f,
        gradient,
        v128.load32Splat(column, layer.direct + BYTES * i * neurons),
        (v) => sums[v]!,
      )
    );
  });
}
