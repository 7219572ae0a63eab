import { assertEquals, assertLess } from "@std/assert";
import { compile, startCompiled } from "../../bench/peers/compiler.ts";
import { checksum } from "../../bench/workloads/flow.ts";
import { flowKernels } from "../../tasks/mod.ts";

const folder = await Deno.makeTempDir();
const { program, reason } = await compile("lbm.c", folder);
const runnable = program ? await Deno.readFile(program) : undefined;
await Deno.remove(folder, { recursive: true });

Deno.test({
  name: `the peer in C takes the step that every kernel takes${
    reason ? ` (skipped: ${reason})` : ""
  }`,
  ignore: runnable === undefined,
  fn: async () => {
    const place = await Deno.makeTempFile();
    try {
      await Deno.writeFile(place, runnable!, { mode: 0o755 });
      await using peer = await startCompiled(place);
      const answer = await peer.ask({ workload: "step 20 9", steps: 1 });
      for (const kind of flowKernels.list()) {
        assertLess(Math.abs(Number(answer.checksum) / checksum(kind, 20, 9) - 1), 1e-12, kind.name);
      }
    } finally {
      await Deno.remove(place);
    }
  },
});

Deno.test("compile() says why there is no program", async () => {
  const found = await compile("not_there.c", "/nowhere");
  assertEquals(found.program, undefined);
  assertEquals(typeof found.reason, "string");
});
