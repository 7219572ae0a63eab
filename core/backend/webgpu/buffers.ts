/**
 * Keeps the buffers of TensorFlow.js' WebGPU backend within bounds.
 *
 * @module
 */

/** The parts of the package's buffer manager that are touched here. */
export interface BufferManager {
  /** Released buffers by size and usage, kept for the next request of the same key. */
  readonly freeBuffers: Map<string, { readonly size: number; destroy(): void }[]>;
  /** Number of buffers in {@linkcode BufferManager.freeBuffers}. */
  numFreeBuffers: number;
  /** Bytes of the buffers in use. */
  readonly numBytesUsed: number;
  /** Bytes of all buffers. */
  numBytesAllocated: number;
  /** Hands out a buffer, a released one where one fits. */
  acquireBuffer(size: number, usage: number, mapped?: boolean, reuse?: boolean): unknown;
}

/** Released bytes that may lie about whatever the rest, so that small work never trims. */
const SPARE = 256 * 2 ** 20;

/** Limits in force; a manager serves every engine that is opened on its device. */
const limits = new WeakMap<BufferManager, number | undefined>();

/**
 * Lets no more be allocated than `limit` bytes, and frees released buffers once they outweigh those
 * in use: the package keeps them for ever, by exact size, and ranks that change each step would
 * leave buffers of every size behind. Called again, it replaces the limit.
 *
 * @param limit Upper limit of device memory in bytes; none when undefined.
 */
export function boundBuffers(manager: BufferManager, limit: number | undefined): void {
  const bounded = limits.has(manager);
  limits.set(manager, limit);
  if (bounded) return;
  const acquire = manager.acquireBuffer.bind(manager);
  manager.acquireBuffer = (size, usage, mapped, reuse) => {
    makeRoom(manager, size);
    return acquire(size, usage, mapped, reuse);
  };
}

function makeRoom(manager: BufferManager, size: number): void {
  const limit = limits.get(manager) ?? Infinity;
  const released = manager.numBytesAllocated - manager.numBytesUsed;
  const fits = () => manager.numBytesAllocated + size <= limit;
  if (!fits() || released > Math.max(SPARE, manager.numBytesUsed)) dropReleased(manager);
  if (fits()) return;
  throw new RangeError(
    `Cannot allocate ${size} bytes on webgpu: expected at most ${limit} in all, got ` +
      `${manager.numBytesUsed} in use; use smaller batches or layers, or raise memoryLimit`,
  );
}

function dropReleased(manager: BufferManager): void {
  for (const buffers of manager.freeBuffers.values()) {
    for (const buffer of buffers) {
      manager.numBytesAllocated -= buffer.size;
      manager.numFreeBuffers--;
      buffer.destroy();
    }
    buffers.length = 0;
  }
}
