import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { openEngine } from "../../../../core/backend/mod.ts";
import { findAdapter } from "../../../../core/backend/webgpu/adapter.ts";
import { makeDevice } from "../../../../core/backend/webgpu/device.ts";
import { webgpu } from "../../../../core/backend/webgpu/mod.ts";
import { checkTraining, unlessPresent } from "../../../support/backend_checks.ts";

// Adapter and device belong to the process: the driver frees them when it ends.
const unsanitized = { sanitizeResources: false, sanitizeOps: false };

Deno.test({
  ...await unlessPresent(webgpu, "a small net trains and leaks nothing"),
  ...unsanitized,
  fn: () => checkTraining("webgpu"),
});

Deno.test({
  ...await unlessPresent(webgpu, "a software adapter is taken only when it is named"),
  ...unsanitized,
  fn: async () => {
    const found = await findAdapter();
    const reservation = await webgpu.reservation!();
    assertEquals(reservation !== undefined, typeof found !== "string" && found.software);
  },
});

Deno.test({
  ...await unlessPresent(webgpu, "openEngine() keeps the memory limit"),
  ...unsanitized,
  fn: async () => {
    const { engine } = await openEngine("webgpu", { memoryLimit: 2 ** 20 });
    await assertRejects(
      () =>
        engine.scope(() => engine.read(engine.add(engine.zeros([1024, 1024]), engine.zeros([1])))),
      RangeError,
      "expected at most 1048576 in all",
    );
    await openEngine("webgpu");
  },
});

Deno.test({
  ...await unlessPresent(webgpu, "a device remembers what its driver complained of"),
  ...unsanitized,
  fn: async () => {
    const found = await findAdapter();
    if (typeof found === "string") throw new Error(found);
    const { device, failure } = await makeDevice(found.adapter);
    assertEquals(failure(), undefined);
    device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    await device.queue.onSubmittedWorkDone();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertStringIncludes(String(failure()), "usage");
    device.destroy();
  },
});

Deno.test({
  ...await unlessPresent(webgpu, "labels beyond the classes, which it cannot read, give no loss"),
  ...unsanitized,
  fn: async () => {
    const { engine: e } = await openEngine("webgpu");
    await e.scope(async () => {
      const logits = e.zeros([2, 3]);
      for (const [label, finite] of [[2, true], [3, false], [-1, false]] as const) {
        const labels = e.tensor(Int32Array.of(0, label), [2]);
        const { value, gradients } = e.gradients(
          () => e.softmaxCrossEntropy(logits, labels),
          [logits],
        );
        assertEquals(Number.isFinite((await e.read(value))[0]), finite, `loss of ${label}`);
        const row = (await e.read(gradients[0]!)).slice(3);
        assertEquals(row.every(Number.isFinite), finite, `derivative of ${label}`);
      }
    });
  },
});

Deno.test({
  ...await unlessPresent(webgpu, "tensors without entries are refused by their shape"),
  ...unsanitized,
  fn: async () => {
    const { engine: e } = await openEngine("webgpu");
    assertThrows(
      () => e.tidy(() => e.matMul(e.zeros([2, 0]), e.zeros([0, 3]))),
      RangeError,
      "Cannot compute on webgpu with a tensor of shape",
    );
  },
});
