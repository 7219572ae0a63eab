/**
 * Opens the `webgpu` backend; loads the engine packages and the graphics driver.
 *
 * @module
 */

import type { BackendOptions } from "../backend.ts";
import type { Engine } from "../engine.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { correctDepthwise } from "../tfjs/depthwise.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { loadTfjs, loadTfjsWebgpu } from "../tfjs/packages.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import type { TensorInfo, Tf } from "../tfjs/types.ts";
import { findAdapter } from "./adapter.ts";
import { boundBuffers, type BufferManager } from "./buffers.ts";
import { makeDevice, type WatchedDevice } from "./device.ts";

/** The parts of the package's backend that are touched here. */
interface WebgpuBackend {
  readonly bufferManager: BufferManager;
  read(id: object): Promise<ArrayLike<number>>;
  runWebGPUProgram(
    program: { readonly outputShape: readonly number[] },
    inputs: readonly TensorInfo[],
    ...others: unknown[]
  ): TensorInfo;
}

/** What of the package is used here. */
interface WebgpuPackage {
  readonly WebGPUBackend: new (device: GPUDevice, info: GPUAdapterInfo) => WebgpuBackend;
}

/** Name of the adapter in use; the backend is made once per process. */
let adapterName = "";

/**
 * Makes the device and selects it.
 *
 * @throws {Error} When there is no adapter.
 */
export async function openWebgpu(options: BackendOptions): Promise<Engine> {
  const tf = await loadTfjs();
  if (!adapterName) await register(tf);
  await tf.setBackend("webgpu");
  boundBuffers((tf.backend() as unknown as WebgpuBackend).bufferManager, options.memoryLimit);
  return new TfjsEngine({
    tf,
    backend: "webgpu",
    description: `WebGPU on ${adapterName} (TensorFlow.js ${tf.version_core})`,
    deterministic: false,
  });
}

/**
 * Takes the place of the package's own factory, which asks for features by a nested list that Deno
 * rejects, and never looks at the errors of its device.
 */
async function register(tf: Tf): Promise<void> {
  const found = await findAdapter();
  if (typeof found === "string") throw new Error(`Cannot open backend "webgpu": ${found}`);
  const watched = await makeDevice(found.adapter);
  const { WebGPUBackend } = await loadTfjsWebgpu<WebgpuPackage>();
  tf.removeBackend("webgpu");
  tf.registerBackend(
    "webgpu",
    () => guarded(new WebGPUBackend(watched.device, found.adapter.info), watched) as never,
  );
  registerKernels(tf, "webgpu");
  correctAveragePooling(tf, "webgpu");
  correctDepthwise(tf, "webgpu");
  adapterName = found.name;
}

/** Makes reading fail where the driver has reported a failure, and refuses empty tensors. */
function guarded(backend: WebgpuBackend, watched: WatchedDevice): WebgpuBackend {
  refuseEmpty(backend);
  const read = backend.read.bind(backend);
  backend.read = async (id) => {
    const values = await read(id);
    const failure = watched.failure();
    if (failure) throw new Error(`Cannot compute on webgpu: the driver reported: ${failure}`);
    return values;
  };
  return backend;
}

/** Refuses operands without entries: a device binds no buffer of no bytes. */
function refuseEmpty(backend: WebgpuBackend): void {
  const run = backend.runWebGPUProgram.bind(backend);
  backend.runWebGPUProgram = (program, inputs, ...others) => {
    const empty = inputs.find(({ shape }) => shape.includes(0));
    if (!empty || program.outputShape.includes(0)) return run(program, inputs, ...others);
    throw new RangeError(
      `Cannot compute on webgpu with a tensor of shape [${empty.shape}]: expected one entry at ` +
        "least, got none",
    );
  };
}
