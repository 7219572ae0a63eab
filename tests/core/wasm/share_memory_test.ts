import { assert, assertEquals } from "@std/assert";
import { withSharedMemory } from "../../../core/wasm/mod.ts";

/** A module that defines a memory with these limits and exports it. */
function moduleWith(limits: readonly number[]): Uint8Array<ArrayBuffer> {
  const name = [...new TextEncoder().encode("memory")];
  const memory = [5, limits.length + 1, 1, ...limits];
  const exported = [7, name.length + 4, 1, name.length, ...name, 0x02, 0];
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...memory, ...exported]);
}

async function memoryOf(module: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Memory> {
  const { instance } = await WebAssembly.instantiate(module, {});
  return instance.exports.memory as WebAssembly.Memory;
}

Deno.test("withSharedMemory() shares a memory and keeps its smallest size", async () => {
  for (const limits of [[0, 3], [1, 3, 200, 1]]) {
    const plain = await memoryOf(moduleWith(limits));
    assert(!(plain.buffer instanceof SharedArrayBuffer));
    const shared = await memoryOf(withSharedMemory(moduleWith(limits)));
    assert(shared.buffer instanceof SharedArrayBuffer);
    assertEquals(shared.buffer.byteLength, plain.buffer.byteLength);
    shared.grow(2);
    assertEquals(shared.buffer.byteLength, 5 * 65536);
  }
});

Deno.test("withSharedMemory() keeps a largest size of several bytes", async () => {
  // 200 in two bytes.
  const memory = await memoryOf(withSharedMemory(moduleWith([1, 3, 0xc8, 1])));
  memory.grow(197);
  assertEquals(memory.buffer.byteLength, 200 * 65536);
});

Deno.test("withSharedMemory() leaves a module without a memory as it is", () => {
  const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  assertEquals(withSharedMemory(module), module);
});
