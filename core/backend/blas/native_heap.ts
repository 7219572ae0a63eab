/**
 * The wasm heap as native code sees it.
 *
 * @module
 */

/** Gives the native address of the first byte of a linear memory. */
export function nativeBase(memory: WebAssembly.Memory): () => number {
  let buffer: ArrayBufferLike | undefined;
  let base = 0;
  return () => {
    // Growing the memory detaches its buffer and may move it.
    if (memory.buffer !== buffer) {
      buffer = memory.buffer;
      const bytes = new Uint8Array(memory.buffer as ArrayBuffer);
      base = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
    }
    return base;
  };
}
