import { assertEquals, assertLess } from "@std/assert";
import { compile, startCompiled } from "../../bench/peers/compiler.ts";
import { checksum } from "../../bench/workloads/flow.ts";
import { closingChecksum, type ClosureSize, makeClosing } from "../../bench/workloads/closure.ts";
import { sweepChecksum, type SweepSize } from "../../bench/workloads/sweep.ts";
import { flowKernels, sweepKernels } from "../../tasks/mod.ts";

/** Source, request, and what every kernel makes of the same numbers. */
const PEERS: { source: string; workload: string; ours: () => (readonly [string, number])[] }[] = [
  {
    source: "lbm.c",
    workload: "step 20 9",
    ours: () => flowKernels.list().map((kind) => [kind.name, checksum(kind, 20, 9)]),
  },
  ...([[1, 13, 6], [2, 13, 6], [2, 10, 8]] satisfies SweepSize[]).map((size: SweepSize) => ({
    source: "sweep.c",
    workload: `order ${size.join(" ")}`,
    ours: () => sweepKernels.list().map((kind) => [kind.name, sweepChecksum(kind, size)] as const),
  })),
  ...([[1, 6, 12], [3, 5, 16]] satisfies ClosureSize[]).map((size: ClosureSize) => ({
    source: "newton.c",
    workload: `newton ${size.join(" ")}`,
    ours: () => [["Newton", closingChecksum(makeClosing(size), size)] as const],
  })),
];

/** A source file as a program, compiled once; it is kept in memory, as tests leave no files. */
async function compiled(source: string): Promise<{ program?: Uint8Array; reason?: string }> {
  const folder = await Deno.makeTempDir();
  try {
    const { program, reason } = await compile(source, folder);
    return program === undefined ? { reason } : { program: await Deno.readFile(program) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const programs = new Map<string, Awaited<ReturnType<typeof compiled>>>();
for (const source of new Set(PEERS.map((peer) => peer.source))) {
  programs.set(source, await compiled(source));
}

for (const { source, workload, ours } of PEERS) {
  const { program, reason } = programs.get(source)!;
  Deno.test({
    name: `${source}, ${workload}: the peer in C takes the step that every kernel takes${
      reason ? ` (skipped: ${reason})` : ""
    }`,
    ignore: program === undefined,
    fn: async () => {
      const place = await Deno.makeTempFile();
      try {
        await Deno.writeFile(place, program!, { mode: 0o755 });
        await using peer = await startCompiled(place);
        const answer = await peer.ask({ workload, steps: 1 });
        for (const [kernel, sum] of ours()) {
          assertLess(Math.abs(Number(answer.checksum) / sum - 1), 1e-12, kernel);
        }
      } finally {
        await Deno.remove(place);
      }
    },
  });
}

Deno.test("compile() says why there is no program", async () => {
  const found = await compile("not_there.c", "/nowhere");
  assertEquals(found.program, undefined);
  assertEquals(typeof found.reason, "string");
});
