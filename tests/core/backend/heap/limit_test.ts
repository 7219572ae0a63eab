import { assertEquals, assertThrows } from "@std/assert";
import { backends, openEngine } from "../../../../core/backend/mod.ts";
import { unlessPresent } from "../../../support/backend_checks.ts";

const MEBIBYTE = 2 ** 20;

for (const name of ["wasm", "blas"]) {
  const backend = backends.get(name);
  const row = async (title: string, fn: () => Promise<void>) => {
    Deno.test({ ...await unlessPresent(backend, title), sanitizeResources: false, fn });
  };

  await row("a tensor beyond the memory limit is refused with the figures", async () => {
    const { engine } = await openEngine(name, { memoryLimit: 64 * MEBIBYTE });
    try {
      assertThrows(
        () => engine.zeros([32 * MEBIBYTE]),
        RangeError,
        `Cannot allocate ${128 * MEBIBYTE} bytes on backend "${name}"`,
      );
      assertThrows(() => engine.zeros([32 * MEBIBYTE]), RangeError, `limit is ${64 * MEBIBYTE}`);
    } finally {
      await openEngine(name);
    }
  });

  await row("many small tensors meet the same limit, and room returns when they go", async () => {
    const { engine } = await openEngine(name, { memoryLimit: 32 * MEBIBYTE });
    try {
      const before = engine.memory().numTensors;
      const fill = () => {
        let count = 0;
        engine.tidy(() => {
          for (; count < 100; count++) engine.zeros([MEBIBYTE / 4]);
        });
        return count;
      };
      assertThrows(fill, RangeError, "take a smaller batch or model");
      assertEquals(engine.memory().numTensors, before);
      engine.tidy(() => assertEquals(engine.zeros([2 * MEBIBYTE]).size, 2 * MEBIBYTE));
    } finally {
      await openEngine(name);
    }
  });

  await row("results computed below the limit are right", async () => {
    const { engine } = await openEngine(name, { memoryLimit: 64 * MEBIBYTE });
    const values = await engine.scope(() => {
      const x = engine.fill([1000, 1000], 1);
      return engine.read(engine.sum(engine.matMul(x, x)));
    });
    assertEquals(values[0], 1e9);
    await openEngine(name);
  });
}
