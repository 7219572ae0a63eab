/**
 * {@linkcode Engine} over TensorFlow.js. The same class serves every backend; what differs is which
 * kernels the backend registered under the names it calls.
 *
 * @module
 */

import type {
  Activation,
  ChainKernel,
  ConvGeometry,
  Engine,
  Factors,
  GradientPair,
  MatMulOptions,
  MemoryInfo,
  NativeLinalg,
  Tensor,
  ValueAndGradients,
  WindowGeometry,
} from "../engine.ts";
import { endOfPass } from "./backward.ts";
import {
  expectBlock,
  expectChain,
  expectClasses,
  expectEntries,
  expectEqualShapes,
  expectExtents,
  expectFloats,
  expectLabels,
  expectLast,
  expectScalar,
  expectSharedRank,
  expectSize,
  IGNORED,
} from "./checks.ts";
import { oneHot, standardise } from "./composed.ts";
import {
  expectChainKernel,
  expectChannels,
  expectDepthwise,
  expectImagePair,
  expectKernel,
  expectPixelProduct,
  expectPool,
  expectTranspose,
} from "./conv_checks.ts";
import { padsOf } from "./conv_kernels.ts";
import { registerGradients } from "./gradients.ts";
import { type Held, KERNEL } from "./names.ts";
import { SequenceEngine } from "./sequence_engine.ts";
import { share } from "./share.ts";
import { tensorsIn } from "./tensors_in.ts";
import {
  type Attributes,
  inner,
  operands,
  outer,
  runtimeOf,
  type TensorMap,
  type Tf,
  type TfjsEngineOptions,
  type TfRuntime,
  type TfTensor,
} from "./types.ts";
import { watch } from "./watch.ts";

/** Tensor operations and reverse-mode differentiation by TensorFlow.js. */
export class TfjsEngine extends SequenceEngine implements Engine {
  readonly backend: string;
  readonly description: string;
  readonly deterministic: boolean;
  readonly linalg: NativeLinalg | undefined;
  readonly native: unknown;
  readonly #tf: Tf;
  readonly #runtime: TfRuntime;
  protected override readonly readsAtOnce: boolean;
  /** What the forward pass of the running `gradients` holds for its backward pass, if one runs. */
  #records: Held[] | undefined;

  /** Makes the engine of a backend that is ready. */
  constructor(options: TfjsEngineOptions) {
    super();
    this.backend = options.backend;
    this.description = options.description;
    this.deterministic = options.deterministic;
    this.linalg = options.linalg;
    this.native = options.tf;
    this.#tf = options.tf;
    this.readsAtOnce = options.readsAtOnce ?? false;
    this.#runtime = runtimeOf(options.tf);
    registerGradients(options.tf);
  }

  memory(): MemoryInfo {
    const { numTensors, numBytes } = this.select().memory();
    return { numTensors, numBytes };
  }

  async scope<T>(f: () => T | Promise<T>): Promise<T> {
    const close = this.#openScope();
    let survivors: TfTensor[] = [];
    try {
      const result = await f();
      survivors = tensorsIn(this.#tf, result);
      return result;
    } finally {
      close(survivors);
    }
  }

  tidy<T>(f: () => T): T {
    const close = this.#openScope();
    let survivors: TfTensor[] = [];
    try {
      const result = f();
      survivors = tensorsIn(this.#tf, result);
      return result;
    } finally {
      close(survivors);
    }
  }

  keep<T extends Tensor>(t: T): T {
    this.#tf.keep(inner(t));
    return t;
  }

  clone(t: Tensor): Tensor {
    return this.run("Identity", { x: inner(t) });
  }

  tensor(data: Float32Array | Int32Array, shape: readonly number[]): Tensor {
    expectSize(shape, data.length);
    this.select();
    const dtype = data instanceof Int32Array ? "int32" : "float32";
    return outer(this.#runtime.makeTensor(data.slice(), [...shape], dtype));
  }

  async read(t: Tensor): Promise<Float32Array | Int32Array> {
    const data = await inner(t).data();
    return data instanceof Float32Array ? data.slice() : Int32Array.from(data);
  }

  zeros(shape: readonly number[]): Tensor {
    return this.fill(shape, 0);
  }

  fill(shape: readonly number[], value: number): Tensor {
    return outer(this.select().fill(expectExtents(shape), value));
  }

  matMul(a: Tensor, b: Tensor, options: MatMulOptions = {}): Tensor {
    const { transposeLeft = false, transposeRight = false } = options;
    const left = a.shape[transposeLeft ? 0 : 1];
    const right = b.shape[transposeRight ? 1 : 0];
    if (a.shape.length !== 2 || b.shape.length !== 2 || left !== right) {
      throw new RangeError(
        `Cannot multiply [${a.shape}]${transposeLeft ? "ᵀ" : ""} by [${b.shape}]` +
          `${transposeRight ? "ᵀ" : ""}: expected matrices with equal inner extents, ` +
          `got ${left} and ${right}`,
      );
    }
    const attributes = { transposeA: transposeLeft, transposeB: transposeRight };
    return this.run("BatchMatMul", { a: inner(a), b: inner(b) }, attributes);
  }

  add(a: Tensor, b: Tensor): Tensor {
    return outer(this.select().add(inner(a), inner(b)));
  }

  sub(a: Tensor, b: Tensor): Tensor {
    return outer(this.select().sub(inner(a), inner(b)));
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return outer(this.select().mul(inner(a), inner(b)));
  }

  scale(alpha: number, x: Tensor): Tensor {
    return this.run(KERNEL.scale, { x: inner(x) }, { alpha });
  }

  lincomb(alpha: number, x: Tensor, beta: number, y: Tensor): Tensor {
    expectEqualShapes("combine", x, y);
    return this.run(KERNEL.lincomb, { x: inner(x), y: inner(y) }, { alpha, beta });
  }

  lincombSquare(alpha: number, v: Tensor, beta: number, g: Tensor): Tensor {
    expectEqualShapes("combine", v, g);
    return this.run(KERNEL.lincombSquare, { v: inner(v), g: inner(g) }, { alpha, beta });
  }

  adaptiveStep(
    x: Tensor,
    m: Tensor,
    v: Tensor,
    c: { gamma: number; alpha: number; delta: number; epsilon: number },
  ): Tensor {
    expectEqualShapes("combine", x, m);
    expectEqualShapes("combine", x, v);
    return this.run(KERNEL.adaptiveStep, { x: inner(x), m: inner(m), v: inner(v) }, { ...c });
  }

  sqrt(x: Tensor): Tensor {
    return outer(this.select().sqrt(inner(x)));
  }

  square(x: Tensor): Tensor {
    return outer(this.select().square(inner(x)));
  }

  activate(x: Tensor, activation: Activation): Tensor {
    return this.run(KERNEL.activate, { x: inner(x) }, { activation });
  }

  norm(x: Tensor): Tensor {
    return this.run(KERNEL.norm, { x: inner(x) });
  }

  sum(x: Tensor): Tensor {
    return outer(this.select().sum(inner(x)));
  }

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    return outer(this.select().reshape(inner(x), [...shape]));
  }

  transpose(x: Tensor): Tensor {
    return outer(this.select().transpose(inner(x)));
  }

  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
    expectBlock(x, begin, size);
    return outer(this.select().slice(inner(x), [...begin], [...size]));
  }

  concat(xs: readonly Tensor[], axis: number): Tensor {
    return outer(this.select().concat(xs.map(inner), axis));
  }

  linear(x: Tensor, w: Tensor, b: Tensor | null, activation: Activation): Tensor {
    expectChain("apply a linear map", [x, w], b);
    const inputs: TensorMap = { x: inner(x), w: inner(w) };
    if (b) inputs.b = inner(b);
    return this.runHolding(KERNEL.linear, inputs, { activation, bias: b !== null });
  }

  lowRankLinear(
    x: Tensor,
    w: Factors,
    b: Tensor | null,
    activation: Activation,
    capture?: (pair: GradientPair) => void,
  ): Tensor {
    expectChain("apply a low-rank map", [x, w.u, w.s], null);
    expectSharedRank(w, b);
    const inputs: TensorMap = { x: inner(x), u: inner(w.u), s: inner(w.s), v: inner(w.v) };
    if (b) inputs.b = inner(b);
    const attributes = { activation, bias: b !== null, capture };
    return this.runHolding(KERNEL.lowRankLinear, inputs, attributes);
  }

  conv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | null,
    geometry: ConvGeometry,
    activation: Activation,
  ): Tensor {
    expectKernel("convolve", x, w, b, geometry);
    const attributes = { geometry, activation, bias: b !== null };
    return this.runHolding(KERNEL.conv2d, operands({ x, w }, b), attributes);
  }

  chainConv2d(
    x: Tensor,
    w: ChainKernel,
    b: Tensor | null,
    geometry: ConvGeometry,
    activation: Activation,
    capture?: (pair: GradientPair) => void,
  ): Tensor {
    expectChainKernel(x, w, b, geometry);
    const { u, core, v, coreLeft = false } = w;
    const attributes = { geometry, activation, bias: b !== null, capture, coreLeft };
    return this.runHolding(KERNEL.chainConv2d, operands({ x, u, core, v }, b), attributes);
  }

  pixelProduct(x: Tensor, m: Tensor, beside?: Tensor): Tensor {
    expectPixelProduct(x, m, beside);
    const more: Record<string, Tensor> = beside ? { beside } : {};
    return this.run(KERNEL.pixelProduct, operands({ x, m, ...more }, null));
  }

  conv2dFilterGradient(
    x: Tensor,
    d: Tensor,
    extents: readonly [number, number],
    geometry: ConvGeometry,
  ): Tensor {
    expectImagePair(x, d, extents, geometry);
    const inputs = operands({ x, d }, null);
    return this.run(KERNEL.conv2dFilterGradient, inputs, { extents, geometry });
  }

  conv2dTranspose(
    x: Tensor,
    w: Tensor,
    b: Tensor | null,
    extents: readonly [number, number],
    geometry: ConvGeometry,
    activation: Activation,
  ): Tensor {
    expectTranspose(x, w, b, extents, geometry);
    const attributes = { geometry, activation, extents, bias: b !== null };
    return this.runHolding(KERNEL.conv2dTranspose, operands({ x, w }, b), attributes);
  }

  depthwiseConv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | null,
    geometry: ConvGeometry,
    activation: Activation,
  ): Tensor {
    expectDepthwise(x, w, b, geometry);
    const attributes = { geometry, activation, bias: b !== null };
    return this.runHolding(KERNEL.depthwiseConv2d, operands({ x, w }, b), attributes);
  }

  maxPool(x: Tensor, size: readonly [number, number], geometry: WindowGeometry): Tensor {
    return this.#pool("MaxPool", x, size, geometry);
  }

  averagePool(x: Tensor, size: readonly [number, number], geometry: WindowGeometry): Tensor {
    return this.#pool("AvgPool", x, size, geometry);
  }

  globalAveragePool(x: Tensor): Tensor {
    expectChannels("average", x, x.shape[3], undefined);
    expectEntries("average", x);
    return this.run(KERNEL.globalAveragePool, { x: inner(x) }, { shape: x.shape });
  }

  batchNorm(
    x: Tensor,
    scale: Tensor,
    shift: Tensor,
    epsilon: number,
    activation: Activation,
  ): { y: Tensor; mean: Tensor; variance: Tensor } {
    expectLast("normalise", x, scale, shift);
    expectEntries("normalise", x);
    const inputs = operands({ x, scale, shift }, null);
    const held: Held = {};
    expectFloats(inputs);
    this.select();
    const [y, mean, variance] = this.#runtime.runKernel(KERNEL.batchNorm, inputs, {
      epsilon,
      activation,
      held,
    }) as [TfTensor, TfTensor, TfTensor];
    if (this.#records) {
      for (const [name, t] of Object.entries({ x: inputs.x!, scale: inputs.scale!, y })) {
        held[name] = share(this.#tf, t);
      }
      held.mean = share(this.#tf, mean);
      held.variance = share(this.#tf, variance);
      this.#records.push(held);
    }
    return { y: outer(y), mean: outer(mean), variance: outer(variance) };
  }

  affine(x: Tensor, scale: Tensor, shift: Tensor, activation: Activation): Tensor {
    expectLast("scale", x, scale, shift);
    return this.runHolding(KERNEL.affine, operands({ x, scale, shift }, null), { activation });
  }

  standardise(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
    expectEntries("normalise", x);
    return outer(standardise(this.select(), inner(x), axes, epsilon));
  }

  exp(x: Tensor): Tensor {
    return outer(this.select().exp(inner(x)));
  }

  logSoftmax(x: Tensor): Tensor {
    return outer(this.select().logSoftmax(inner(x)));
  }

  oneHot(indices: Tensor, depth: number): Tensor {
    if (this.readsAtOnce) expectClasses(inner(indices).dataSync<"int32">(), depth);
    return outer(oneHot(this.select(), inner(indices), depth));
  }

  softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
    expectLabels(logits, labels);
    const classes = logits.shape.at(-1)!;
    if (this.readsAtOnce) expectClasses(inner(labels).dataSync<"int32">(), classes, IGNORED);
    return this.runHolding(KERNEL.crossEntropy, operands({ logits, labels }, null), {});
  }

  watch(x: Tensor, receive: (derivative: Tensor) => void): Tensor {
    return outer(watch(this.select(), inner(x), (d) => receive(outer(d))));
  }

  gradients(f: () => Tensor, inputs: readonly Tensor[]): ValueAndGradients {
    const tf = this.select();
    if (this.#records) {
      throw new Error(
        "Cannot differentiate within a function that is being differentiated: " +
          "second derivatives are not there",
      );
    }
    this.#records = [];
    try {
      const xs = inputs.map(inner);
      const { value, grads } = this.#runtime.gradients(() => expectScalar(f()), xs, null, true);
      const gradients = grads.map((g, i) => outer(g ?? tf.zerosLike(xs[i]!)));
      return { value: outer(value), gradients };
    } catch (error) {
      this.#dropTape();
      throw error;
    } finally {
      endOfPass();
      this.#dropRecords();
    }
  }

  protected override select(): Tf {
    if (this.#runtime.backendName !== this.backend) void this.#tf.setBackend(this.backend);
    return this.#tf;
  }

  protected run(kernel: string, inputs: TensorMap, attributes: Attributes = {}): Tensor {
    if (kernel !== "Identity") expectFloats(inputs);
    this.select();
    return outer(this.#runtime.runKernel(kernel, inputs, attributes) as TfTensor);
  }

  protected override runHolding(kernel: string, inputs: TensorMap, attributes: Attributes): Tensor {
    if (!this.#records) return this.run(kernel, inputs, attributes);
    const held: Held = {};
    this.#records.push(held);
    const y = this.run(kernel, inputs, { ...attributes, held });
    for (const [name, t] of Object.entries(inputs)) held[name] = share(this.#tf, t);
    held.y = share(this.#tf, inner(y));
    return y;
  }

  #pool(
    kernel: string,
    x: Tensor,
    size: readonly [number, number],
    { strides, padding }: WindowGeometry,
  ): Tensor {
    expectPool(x, size, { strides, padding });
    const pool = { filterSize: [...size], strides: [...strides], pad: padsOf(padding) };
    return this.run(kernel, { x: inner(x) }, pool);
  }

  #dropRecords(): void {
    for (const held of this.#records ?? []) {
      for (const t of Object.values(held)) t.dispose();
    }
    this.#records = undefined;
  }

  /** Frees what an aborted forward or backward pass had saved. */
  #dropTape(): void {
    const { state } = this.#runtime;
    if (state.gradientDepth > 0 || !state.activeTape) return;
    for (const node of state.activeTape) node.saved.forEach((t) => t.dispose());
    state.activeTape = null;
  }

  #openScope(): (survivors: TfTensor[]) => void {
    this.select();
    this.#runtime.startScope();
    const own = this.#runtime.state.activeScope;
    return (survivors) => {
      if (this.#runtime.state.activeScope !== own) {
        throw new Error(
          "Cannot end a scope: expected the innermost one, got an outer one; " +
            "await a scope before the next one starts",
        );
      }
      this.#runtime.endScope(survivors);
    };
  }
}
