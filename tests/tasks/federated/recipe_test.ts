/** The recipes of federated training: tables, reports, resumption. */

import {
  assertEquals,
  assertGreater,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { openHostAlgebra, readRun } from "../../../core/mod.ts";
import type { FederatedResult } from "../../../tasks/federated/curve.ts";
import { federatedMethods } from "../../../tasks/federated/methods.ts";
import { batchOf, federatedDefaults, localStepsOf } from "../../../tasks/federated/options.ts";
import { recipes } from "../../../tasks/recipe.ts";
import "../../../tasks/recipes/mod.ts";
import { sweep } from "../../../tasks/sweep.ts";
import { textSink } from "../../../tasks/terminal/mod.ts";
import { UsageError } from "../../../tasks/usage_error.ts";
import { inFolder, runMain } from "../../support/command_line.ts";
import { mpiTest, runMpi } from "../../support/mpi.ts";
import { runRecipe } from "../../support/recipes.ts";

// A library that is loaded stays loaded.
await openHostAlgebra();

const SHORT = "train federated-least-squares --problem heterogeneous --rounds 3 --local-steps 2";

const words = (text: string): string[] => text.split(" ");

Deno.test("federated-least-squares prints a table of methods, and writes a report", () =>
  inFolder(async (folder) => {
    const args = `${SHORT} --methods fedlrt,fedavg --clients 3 --participation 0.7 --late 0.3`;
    const { code, out, err } = await runMain(...words(args), "--out", folder + "/run");
    assertEquals([code, err], [0, ""], out);
    for (const text of ["fedlrt ", "fedavg ", "excess loss", "per round"]) {
      assertStringIncludes(out, text);
    }
    const page = await Deno.readTextFile(folder + "/run/report.html");
    for (const text of ["over bytes sent", "largest rank over rounds", "drift of clients"]) {
      assertStringIncludes(page, text);
    }
    const again = await runMain(...words(args), "--out", folder + "/run", "--resume");
    const table = (text: string) => text.slice(text.indexOf("method "), text.indexOf("Report"));
    assertEquals(table(again.out), table(out));
  }));

Deno.test("every federated method runs by its name", () =>
  inFolder(async (folder) => {
    const { code, err } = await runMain(
      ...words(`${SHORT} --clients 2 --methods all --optimizer adam`),
      ...["--out", folder + "/run"],
    );
    assertEquals([code, err], [0, ""]);
    const { federated } = JSON.parse(await Deno.readTextFile(folder + "/run/summary.json"));
    assertEquals(federated[0].curves.length, 8);
  }));

Deno.test("a method that there is not is named", () =>
  inFolder(async (folder) => {
    const { code, out, err } = await runMain(
      ...words("train federated-least-squares --methods fedlit"),
      ...["--out", folder + "/run"],
    );
    assertEquals([code, out], [1, ""]);
    assertStringIncludes(err, 'did you mean "fedlrt" or "fedlin"');
  }));

const AMONG =
  "--dataset digits --train-count 240 --test-count 60 --width 0.03 --rank 4 --rounds 5 " +
  "--clients 3 --local-steps 3 --batch 16 --looks 2 --participation 0.7 --late 0.2 --backend wasm";

/** Runs the recipe here, and aborts it as soon as it writes some text. */
async function run(args: string, out: string, until?: string): Promise<number> {
  const abort = new AbortController();
  const sink = {
    ...textSink(),
    write(text: string) {
      if (until !== undefined && text.includes(until)) abort.abort();
    },
  };
  return await recipes.get("federated").run([...words(args), "--out", out], {
    sink,
    signal: abort.signal,
  });
}

/** What a method's run tells of each round, without times. */
async function told(path: string): Promise<unknown[]> {
  return (await readRun(path)).metrics.map(({ seconds: _s, secondsPerStep: _p, ...line }) => line);
}

Deno.test("a federated run that is interrupted and resumed is the uninterrupted one, bit for bit", () =>
  inFolder(async (folder) => {
    const args = `${AMONG} --methods fedlrt,fedavg`;
    assertEquals(await run(args, `${folder}/whole`), 0);
    assertEquals(await run(args, `${folder}/parts`, "round 2/5"), 130);
    assertEquals((await told(`${folder}/parts/fedlrt`)).length, 4);
    assertEquals(await run(`${args} --resume`, `${folder}/parts`), 0);
    for (const method of ["fedlrt", "fedavg"]) {
      const whole = await told(`${folder}/whole/${method}`);
      assertEquals(whole.length, 10);
      assertEquals(await told(`${folder}/parts/${method}`), whole);
    }
    const [own, other] = await Promise.all(
      ["whole", "parts"].map(async (name) => (await readRun(`${folder}/${name}`)).summary!),
    );
    const values = ({ federated }: Record<string, unknown>) =>
      (federated as FederatedResult[])[0]!.curves.map(({ seconds: _, ...curve }) => curve);
    assertEquals(values(other!), values(own!));
    assertGreater(own!.testAccuracy!, 0);
  }));

Deno.test("federated runs every method, with any partition, and reports them", () =>
  inFolder(async (folder) => {
    const args = `${AMONG.replace("--rounds 5", "--rounds 1")} --methods all --partition shards`;
    assertEquals(await run(args, `${folder}/run`), 0);
    const page = await Deno.readTextFile(`${folder}/run/report.html`);
    for (const name of federatedMethods.names()) assertStringIncludes(page, name);
    assertStringIncludes(page, "accuracy over bytes sent");
  }));

Deno.test("a sweep over federated runs tells of every method, and goes on where it was", () =>
  inFolder(async (folder) => {
    const args = AMONG.replace("--rounds 5", "--rounds 1 --seed 1,2") + " --methods fedlrt,fedavg";
    let out = "";
    const sink = { ...textSink(), columns: () => 200, write: (text: string) => void (out += text) };
    const { signal } = new AbortController();
    for (const more of [[], ["--resume"]]) {
      out = "";
      const typed = ["federated", ...words(args), "--out", `${folder}/sweep`, ...more];
      assertEquals(await sweep(typed, { sink, signal }), 0);
      for (const method of ["fedlrt", "fedavg"]) {
        const row = out.split("\n").findLast((line) => line.includes(`all runs  ${method} `))!;
        assertMatch(row, /\d+\.\d+ % ± \d+\.\d+ % .* 2$/);
      }
    }
    assertStringIncludes(out, "finished before");
  }));

Deno.test("local steps are a pass over the examples of a client, of few clients a part of one", () => {
  const among = (clients: number, more = {}) => {
    const o = { ...federatedDefaults, clients, ...more };
    return [localStepsOf(o), batchOf(o, 10_000)];
  };
  assertEquals([1, 4, 16, 32].map((c) => among(c)), [[20, 128], [20, 125], [15, 42], [8, 39]]);
  assertEquals(among(500), [1, 20]);
  assertEquals(among(1000), [1, 16]);
  assertEquals(among(16, { localSteps: 3, batch: 7 }), [3, 7]);
});

Deno.test("a least-squares problem that diverges says what to lower", () =>
  inFolder(async (folder) => {
    const args = "--problem homogeneous --methods fedlrt --rounds 2 --learning-rate 1e200";
    await assertRejects(
      () => runRecipe("federated-least-squares", [...words(args), `--out=${folder}/run`]),
      UsageError,
      "Lower --learning-rate (now 1e+200)",
    );
  }));

Deno.test("more clients than examples are refused before anything is written", () =>
  inFolder(async (folder) => {
    const { code, err } = await runMain(
      ...words(`train federated ${AMONG}`.replace("clients 3", "clients 241")),
      ...["--out", `${folder}/run`],
    );
    assertEquals(code, 1);
    assertStringIncludes(err, "Cannot divide examples: expected the number of clients to be an");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

mpiTest(
  "clients in processes of their own find what a simulation finds, bit for bit",
  () =>
    inFolder(async (folder) => {
      const args = AMONG.replace("--rounds 5", "--rounds 2") +
        " --methods fedlrt,fedavg --threads 1";
      assertEquals(await run(args, `${folder}/alone`), 0);
      const main = new URL("../../../tasks/main.ts", import.meta.url).pathname;
      const train = words(`train federated ${args} --comm mpi --out ${folder}/jointly`);
      const { code, err } = await runMpi(3, main, ...train);
      assertEquals([code, err], [0, ""]);
      for (const method of ["fedlrt", "fedavg"]) {
        assertEquals(
          await told(`${folder}/jointly/${method}`),
          await told(`${folder}/alone/${method}`),
        );
      }
    }),
);
