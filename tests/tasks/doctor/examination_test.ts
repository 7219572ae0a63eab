import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { ask, examine, examineAuto, MARK } from "../../../tasks/doctor/examination.ts";
import { inFolder } from "../../support/command_line.ts";

/** A program as a URL. */
function program(source: string): string {
  return `data:application/javascript,${encodeURIComponent(source)}`;
}

Deno.test("examine() measures a backend that works", async () => {
  const found = await examine("cpu", { budget: 1 });
  assert(found.works, found.reason);
  assertStringIncludes(found.engine!, "JavaScript");
  const { plain, left, right, both } = found.gflops!;
  for (const rate of [plain, left, right, both]) assert(rate > 0.001 && rate < 1e6, String(rate));
  assertEquals([found.factorisations, found.reason], ["host", undefined]);
});

Deno.test("examine() measures a backend that a plugin brings, as doctor --plugin does", () =>
  inFolder(async (folder) => {
    const path = join(folder, "mine.ts");
    await Deno.writeTextFile(
      path,
      `import { backends } from "@rankflow/rankflow/core";
       backends.add({ ...backends.get("cpu"), name: "mine" });`,
    );
    const { works, engine, reason } = await examine("mine", { budget: 1, plugins: [path] });
    assertEquals([works, reason], [true, undefined]);
    assertStringIncludes(engine!, "JavaScript");
  }));

Deno.test("examine() says why a backend does not work", async () => {
  const variable = "RANKFLOW_BLAS";
  const before = Deno.env.get(variable);
  Deno.env.set(variable, "/nonexistent");
  try {
    const found = await examine("blas", { budget: 1 });
    assertEquals([found.name, found.works, found.gflops], ["blas", false, undefined]);
    assertStringIncludes(found.reason!, "/nonexistent");
  } finally {
    if (before === undefined) Deno.env.delete(variable);
    else Deno.env.set(variable, before);
  }
});

Deno.test("examineAuto() tells what auto takes and why not the better ones", async () => {
  const { chosen, passedOver } = await examineAuto();
  const better = ["tensorflow", "webgpu", "blas", "wasm", "cpu"];
  assertEquals(passedOver.map((p) => p.name), better.slice(0, better.indexOf(chosen)));
  assert(passedOver.every((p) => p.reason.length > 0 && !p.reason.includes("\n")));
});

Deno.test("ask() finds the answer among what libraries print", async () => {
  const source = `console.log("noise"); console.log("${MARK}" + '{"a":1}'); console.log("more")`;
  assertEquals(await ask<{ a: number }>([], {}, program(source)), { a: 1 });
});

Deno.test("ask() outlives a program that crashes, fails or hangs", async () => {
  const crash = program("Deno.kill(Deno.pid, 'SIGABRT'); await new Promise(() => {})");
  assertEquals(await ask([], {}, crash), "its process died of SIGABRT");
  const fail = program("console.error('broken'); Deno.exit(7)");
  assertEquals(await ask([], {}, fail), "its process ended with code 7: broken");
  const hang = program("setInterval(() => {}, 1000)");
  assertEquals(await ask([], { patience: 1000 }, hang), "no answer within 1 s");
});
