/**
 * The few names of TensorFlow.js that `core/backend/` works with, and the casts at the seam.
 *
 * @module
 */

import type * as TF from "@tensorflow/tfjs";
import type { NativeLinalg, Tensor } from "../engine.ts";

/** The namespace of the umbrella package. */
export type Tf = typeof TF;
/** A tensor of TensorFlow.js. */
export type TfTensor = TF.Tensor;
/** A handle to backend data without bookkeeping, as kernels return it. */
export type TensorInfo = TF.TensorInfo;
/** What a kernel computes with. */
export type KernelFunc = TF.KernelFunc;
/** How the tape differentiates a kernel. */
export type GradConfig = TF.GradConfig;
/** Tensors by the name of the operand. */
export type TensorMap = Record<string, TfTensor>;
/** Attributes of a kernel call. */
export type Attributes = Record<string, unknown>;

/** A kernel written with plain operations. */
export type Composed = (tf: Tf, x: TensorMap, a: Attributes) => TfTensor | TfTensor[];

/** The parts of TensorFlow.js' own engine that its types leave out. */
export interface TfRuntime {
  /** Name of the selected backend. */
  readonly backendName: string;
  /** Runs a registered kernel and records it when a tape is on. */
  runKernel(name: string, inputs: TensorMap, attributes?: Attributes): TfTensor | TfTensor[];
  /** Opens a scope that owns the tensors made from here on. */
  startScope(name?: string): void;
  /** Frees what the innermost scope owns, except the tensors given. */
  endScope(survivors?: TfTensor[]): void;
  /** Uploads values under a new handle. */
  makeTensor(values: ArrayLike<number>, shape: number[], dtype: string): TfTensor;
  /** Takes data of a backend, the selected one by default, into the bookkeeping. */
  makeTensorFromTensorInfo(info: TensorInfo, backend?: unknown): TfTensor;
  /** Reverse-mode derivatives. */
  gradients(
    f: () => TfTensor,
    xs: TfTensor[],
    dy: null,
    allowNoGradients: boolean,
  ): { value: TfTensor; grads: (TfTensor | null | undefined)[] };
  /** Internal state. */
  readonly state: {
    readonly activeScope: { readonly id: number } | null;
    activeTape: { saved: TfTensor[] }[] | null;
    readonly gradientDepth: number;
    readonly kernelDepth: number;
  };
}

/** The runtime behind a namespace. */
export function runtimeOf(tf: Tf): TfRuntime {
  return tf.engine() as unknown as TfRuntime;
}

/** Sees a tensor of the seam as what it is inside. */
export function inner(t: Tensor): TfTensor {
  return t as unknown as TfTensor;
}

/** Sees a tensor of TensorFlow.js as a tensor of the seam. */
export function outer(t: TfTensor): Tensor {
  return t as unknown as Tensor;
}

/** Operands as kernels take them; a bias that is null is left out. */
export function operands(tensors: Record<string, Tensor>, b: Tensor | null): TensorMap {
  const inputs: TensorMap = {};
  for (const [name, t] of Object.entries(tensors)) inputs[name] = inner(t);
  if (b) inputs.b = inner(b);
  return inputs;
}

/** What a backend tells about itself when it makes its engine. */
export interface TfjsEngineOptions {
  /** Namespace of the umbrella package, with the backend selected and its kernels registered. */
  readonly tf: Tf;
  /** Name of the backend, in the registry as in TensorFlow.js. */
  readonly backend: string;
  /** One line for people: library, version, threads or adapter. */
  readonly description: string;
  /** Whether results repeat bit for bit in equal runs. */
  readonly deterministic: boolean;
  /** Factorisations on the backend's memory. */
  readonly linalg?: NativeLinalg | undefined;
  /** Whether tensors can be read without waiting: then labels are checked. Default false. */
  readonly readsAtOnce?: boolean;
}
