/**
 * Access to the WebAssembly heap on which TensorFlow.js' wasm backend keeps its tensors.
 *
 * @module
 */

import type { TensorInfo, Tf } from "../tfjs/types.ts";
import { withSharedMemory } from "../../wasm/mod.ts";

/** The emscripten module behind the backend, as far as it is used here. */
interface HeapModule {
  readonly HEAPU8: Uint8Array;
  readonly HEAPF32: Float32Array;
  readonly HEAP32: Int32Array;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

/** TensorFlow.js' wasm backend object, as far as it is used here. */
export interface HeapBackend {
  /** The emscripten module. */
  readonly wasm: HeapModule;
  /** Where the data of a handle lies. */
  readonly dataIdMap: { get(dataId: object): { memoryOffset: number; id: number } };
  /** Allocates an uninitialised tensor. */
  makeOutput(shape: readonly number[], dtype: string): TensorInfo;
  /** Adds an owner to the data of a handle. */
  incRef(dataId: object): void;
  /** Takes an owner away and frees the data after the last. */
  disposeData(dataId: object): boolean;
}

/** The heap of one backend instance. */
export interface Heap {
  /** The backend object that kernels receive. */
  readonly backend: HeapBackend;
  /** Its linear memory, shared with the other members of the team; it grows but is never replaced. */
  readonly memory: WebAssembly.Memory;
  /** Sets the upper limit of allocated bytes; undefined for what can be addressed. */
  limit(bytes: number | undefined): void;
}

/** Bytes a 32-bit heap can address. */
const ADDRESSABLE = 2 ** 32;

/** Heaps by backend name: a backend is initialised once per process. */
const heaps = new Map<string, Heap>();

/**
 * Initialises a backend that lives on a wasm heap and selects it.
 *
 * @param tf Namespace of the engine package, with the backend registered.
 * @param name TensorFlow.js name of the backend.
 */
export async function openHeap(tf: Tf, name: string): Promise<Heap> {
  const known = heaps.get(name);
  if (known) {
    await tf.setBackend(name);
    return known;
  }
  const memory = await captureMemory(() => tf.setBackend(name));
  const backend = tf.backend() as unknown as HeapBackend;
  if (memory.buffer !== backend.wasm.HEAPU8.buffer) {
    throw new Error(`Cannot open backend "${name}": its linear memory is not the captured one`);
  }
  const heap = { backend, memory, limit: guardAllocation(backend.wasm, name) };
  heaps.set(name, heap);
  return heap;
}

/**
 * Runs `load` and returns the memory that the module instantiated meanwhile exports; declares it
 * shared on the way.
 */
async function captureMemory(load: () => Promise<boolean>): Promise<WebAssembly.Memory> {
  const { instantiate } = WebAssembly;
  let memory: unknown;
  const spy = async (module: unknown, ...args: unknown[]): Promise<unknown> => {
    const source = ArrayBuffer.isView(module) ? withSharedMemory(bytesOf(module)) : module;
    const result = await Reflect.apply(instantiate, WebAssembly, [source, ...args]);
    const exports = (result.instance ?? result).exports as Record<string, unknown>;
    memory ??= exports.memory;
    return result;
  };
  try {
    Object.assign(WebAssembly, { instantiate: spy });
    if (!(await load())) throw new Error("Cannot initialise the WebAssembly backend");
  } finally {
    Object.assign(WebAssembly, { instantiate });
  }
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new Error("Cannot find the linear memory of the WebAssembly backend");
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * Makes allocation fail with an error. As shipped the backend takes the null pointer of a full heap
 * for an address, and tensors silently share it.
 */
function guardAllocation(module: HeapModule, name: string): (bytes: number | undefined) => void {
  // The module's functions replace themselves when they are first called.
  module._free(module._malloc(1));
  const malloc = module._malloc.bind(module);
  const free = module._free.bind(module);
  const sizes = new Map<number, number>();
  let used = 0;
  let limit = ADDRESSABLE;
  module._malloc = (bytes) => {
    if (used + bytes > limit) throw outOfMemory(name, bytes, used, limit);
    const pointer = malloc(bytes) >>> 0;
    if (pointer === 0 && bytes > 0) throw outOfMemory(name, bytes, used, limit);
    sizes.set(pointer, bytes);
    used += bytes;
    return pointer;
  };
  module._free = (pointer) => {
    used -= sizes.get(pointer) ?? 0;
    sizes.delete(pointer);
    free(pointer);
  };
  return (bytes) => limit = Math.min(bytes ?? ADDRESSABLE, ADDRESSABLE);
}

function outOfMemory(name: string, wanted: number, used: number, limit: number): RangeError {
  return new RangeError(
    `Cannot allocate ${wanted} bytes on backend "${name}": ${used} bytes are in use and the ` +
      `limit is ${limit}; take a smaller batch or model, or a backend with more memory`,
  );
}
