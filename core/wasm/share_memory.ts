/**
 * Making the memory of a WebAssembly module one that threads can share.
 *
 * TensorFlow.js' module defines a memory of its own, which workers cannot see. A module whose memory
 * is declared shared is the same in every other way, so its declaration is rewritten before it is
 * compiled. Members of a team then compute on tensors where they lie, and the heap never moves.
 *
 * @module
 */

import { MOST_PAGES, unsigned } from "./assembler.ts";

/** Number of the section that defines memories. */
const MEMORY_SECTION = 5;
/** Bytes before the first section. */
const HEADER = 8;

/** A number in LEB128 and where what follows it begins. */
function readUnsigned(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0, next = from;; shift += 7) {
    const byte = bytes[next++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value: value >>> 0, next };
  }
}

/** Declaration of one shared memory with the smallest size of the one that is declared. */
function sharedDeclaration(section: Uint8Array): number[] | undefined {
  const count = readUnsigned(section, 0);
  if (count.value !== 1) return undefined;
  const bounded = (section[count.next]! & 1) === 1;
  const least = readUnsigned(section, count.next + 1);
  const most = bounded ? readUnsigned(section, least.next).value : MOST_PAGES;
  const body = [1, 0x03, ...unsigned(least.value), ...unsigned(most)];
  return [MEMORY_SECTION, ...unsigned(body.length), ...body];
}

/**
 * Declares the memory of a module as shared.
 *
 * @param module The binary module.
 * @returns The changed module, or the given one where it defines no single memory.
 */
export function withSharedMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  for (let at = HEADER; at < module.length;) {
    const size = readUnsigned(module, at + 1);
    const end = size.next + size.value;
    if (module[at] === MEMORY_SECTION) {
      const declaration = sharedDeclaration(module.subarray(size.next, end));
      if (!declaration) break;
      return Uint8Array.from([...module.subarray(0, at), ...declaration, ...module.subarray(end)]);
    }
    at = end;
  }
  return Uint8Array.from(module);
}
