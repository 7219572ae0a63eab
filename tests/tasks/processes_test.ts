import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readRun } from "../../core/mod.ts";
import { processArguments } from "../../tasks/processes.ts";
import { inFolder, runMain } from "../support/command_line.ts";
import { mpiTest, runMpi } from "../support/mpi.ts";

Deno.test("options about other processes are taken out of the arguments", () => {
  assertEquals(processArguments(["mnist", "--epochs", "2"]), {
    rest: ["mnist", "--epochs", "2"],
    comm: "none",
  });
  assertEquals(
    processArguments(["--comm", "mpi", "mnist", "--parts=8", "--comm-limit", "2.5", "--quiet"]),
    { rest: ["mnist", "--quiet"], comm: "mpi", limit: 2.5, parts: 8 },
  );
});

Deno.test("wrong options about other processes are named", () => {
  const refusals = [
    [["--comm", "smoke"], "Cannot read --comm"],
    [["--comm"], "Cannot read --comm: expected none or mpi, got nothing"],
    [["--comm", "mpi", "--comm=mpi"], "Cannot read --comm: it is given twice, drop one"],
    [["--comm-limit", "0"], "Cannot run several processes: expected --comm-limit"],
    [["--parts", "1.5"], "Cannot run several processes: expected --parts"],
  ] as const;
  for (const [args, message] of refusals) {
    assertThrows(() => processArguments(args), Error, message);
  }
});

/** A recipe that takes seconds. */
const SHORT = [
  ...["train", "demo", "--backend", "cpu", "--width", "12", "--depth", "3", "--epochs", "1"],
  ...["--batch", "20", "--train-count", "100", "--test-count", "40", "--rank", "4"],
];

mpiTest("processes of one command train one run, in one folder, with one report", async () => {
  await inFolder(async (path) => {
    const out = `${path}/run`;
    const { code, out: text, err } = await runMpi(
      2,
      "tasks/main.ts",
      ...SHORT,
      ...["--comm", "mpi", "--out", out],
    );
    assertEquals(code, 0, err);
    assertEquals(text.match(/Report: /g)?.length, 1);
    assertStringIncludes(text, ", 2 processes");
    const { summary, metrics, baseline } = await readRun(out);
    const { traffic } = summary as { traffic?: { bytes: number; denseBytes: number } };
    assert(traffic!.bytes < traffic!.denseBytes);
    assertEquals(metrics.at(-1)!.bytes, traffic!.bytes);
    assert(baseline?.summary !== undefined);
    assertStringIncludes(await Deno.readTextFile(`${out}/report.html`), "2 processes");
  });
});

mpiTest("of a mistake that all processes make, one line tells", async () => {
  const wrong = ["train", "demo", "--comm", "mpi", "--rank", "x"];
  const { code, err } = await runMpi(2, "tasks/main.ts", ...wrong);
  assert(code !== 0);
  assertEquals(new Set(err.match(/Cannot .*/g)).size, 1);
  const { err: refused } = await runMpi(2, "tasks/main.ts", "train", "flow", "--comm", "mpi");
  assertStringIncludes(refused, 'Cannot train "flow" by 2 processes: expected one of characters, ');
});

Deno.test("a command that mpiexec did not start says that it is alone", async () => {
  await inFolder(async (path) => {
    const { code, out } = await runMain(
      ...SHORT,
      ...["--no-baseline", "--comm", "mpi", "--out", `${path}/run`],
    );
    assertEquals(code, 0);
    assertStringIncludes(out, "Warning: one process: it was not started by mpiexec");
  });
});
