import { assertEquals, assertThrows } from "@std/assert";
import { boundBuffers, type BufferManager } from "../../../../core/backend/webgpu/buffers.ts";

const MIB = 2 ** 20;

/** Keeps released buffers by size, as the engine package does. */
class FakeManager implements BufferManager {
  readonly freeBuffers: Map<string, { size: number; destroy(): void }[]> = new Map();
  numFreeBuffers = 0;
  numBytesUsed = 0;
  numBytesAllocated = 0;
  destroyed = 0;

  acquireBuffer(size: number): { size: number } {
    const free = this.freeBuffers.get(String(size)) ?? [];
    if (free.pop()) this.numFreeBuffers--;
    else this.numBytesAllocated += size;
    this.numBytesUsed += size;
    return { size };
  }

  release({ size }: { size: number }): void {
    const free = this.freeBuffers.get(String(size)) ?? [];
    free.push({ size, destroy: () => this.destroyed++ });
    this.freeBuffers.set(String(size), free);
    this.numFreeBuffers++;
    this.numBytesUsed -= size;
  }
}

Deno.test("boundBuffers() keeps released buffers of ever new sizes from piling up", () => {
  const manager = new FakeManager();
  boundBuffers(manager, undefined);
  for (let i = 1; i <= 200; i++) manager.release(manager.acquireBuffer(8 * MIB + i));
  assertEquals(manager.numBytesAllocated < 300 * MIB, true);
  assertEquals(manager.numBytesUsed, 0);
  const free = [...manager.freeBuffers.values()].flat();
  assertEquals(manager.numFreeBuffers, free.length);
  assertEquals(manager.destroyed + free.length, 200);
});

Deno.test("boundBuffers() frees what was released before it refuses an allocation", () => {
  const manager = new FakeManager();
  boundBuffers(manager, 10 * MIB);
  manager.release(manager.acquireBuffer(6 * MIB));
  const held = manager.acquireBuffer(7 * MIB);
  assertEquals(manager.destroyed, 1);
  assertThrows(
    () => manager.acquireBuffer(4 * MIB),
    RangeError,
    `Cannot allocate ${4 * MIB} bytes on webgpu: expected at most ${10 * MIB} in all, got ` +
      `${7 * MIB} in use`,
  );
  manager.release(held);
  manager.acquireBuffer(4 * MIB);
});

Deno.test("boundBuffers() replaces an earlier limit", () => {
  const manager = new FakeManager();
  boundBuffers(manager, MIB);
  assertThrows(() => manager.acquireBuffer(2 * MIB), RangeError);
  boundBuffers(manager, 4 * MIB);
  manager.acquireBuffer(2 * MIB);
  boundBuffers(manager, undefined);
  manager.acquireBuffer(64 * MIB);
});
