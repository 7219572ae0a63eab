/** The command line from outside: what people type, read and get as an exit code. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { main } from "../../tasks/main.ts";
import "../../tasks/recipes/mod.ts";
import { recipes } from "../../tasks/recipe.ts";
import { blobsPlugin, inFolder, runMain } from "../support/command_line.ts";

const RECIPES = recipes.names().sort().join(", ");

const REFUSED: readonly [args: string[], message: string][] = [
  [
    [],
    "Cannot run nothing: name a command, known are demo, train, sweep, list, check, doctor, " +
    "generate, merge, changes, report, setup:tensorflow",
  ],
  [["trian"], 'Cannot run "trian": did you mean "train"'],
  [
    ["constructor"],
    'Cannot run "constructor": known are changes, check, demo, doctor, generate, list, merge, report, ' +
    "setup:tensorflow, sweep, train",
  ],
  [["train"], `Cannot train: name a recipe first, known are ${RECIPES}`],
  [
    ["train", "--epochs", "1"],
    `Cannot train: name a recipe first, known are ${RECIPES}`,
  ],
  [["train", "mnits"], 'Cannot find recipe "mnits": did you mean "mnist"'],
  [["demo", "--epoch", "1"], 'Cannot read --epoch: unknown option, did you mean "epochs"'],
  [["demo", "--epochs", "0"], "Cannot set --epochs: expected a whole number ≥ 1, got 0"],
  [
    ["demo", "--integrator", "augmented-gub"],
    'Cannot set --integrator to "augmented-gub": did you mean "augmented-bug"',
  ],
  [
    ["demo", "--backend", "cuda"],
    'Cannot set --backend to "cuda": known are auto, blas, cpu, tensorflow, wasm, webgpu',
  ],
  [["demo", "--resume"], "Cannot resume: name the folder of the run with --out DIR"],
  [
    ["list", "integraters"],
    'Cannot list "integraters": did you mean "integrators" or "integrator"',
  ],
  [["list", "--plugin"], "Cannot load a plugin: expected --plugin FILE"],
  [
    ["demo", "--plugin", "./no/such.ts"],
    "Cannot load plugin ./no/such.ts: there is no such file",
  ],
];

for (const [args, message] of REFUSED) {
  Deno.test(`the command line refuses "${args.join(" ")}" in one line, exit code 1`, async () => {
    const { code, out, err } = await runMain(...args);
    assertEquals({ code, out, err }, { code: 1, out: "", err: `${message}\n` });
  });
}

Deno.test("--help explains commands, names recipes and lists the options of one", async () => {
  const all = await runMain("--help");
  assertEquals([all.code, all.err], [0, ""]);
  for (const command of ["demo", "train", "sweep", "list", "check", "doctor", "report"]) {
    assertStringIncludes(all.out, `deno task ${command}`);
    const { code, out } = await runMain(command, "--help");
    assertEquals(code, 0, command);
    if (command !== "demo") assert(all.out.includes(out.split("\n")[0]!), out);
  }
  const train = (await runMain("train", "-h")).out;
  for (const { name } of recipes.list()) assertStringIncludes(train, `\n  ${name}: `);
  const cifar = (await runMain("train", "cifar", "--help")).out;
  for (const key of Object.keys(recipes.get("cifar").options)) {
    assertStringIncludes(cifar, `\n      --${key} `);
  }
  assert(![...cifar.matchAll(/\n {2}(\S+):/g)].some(([, name]) => name !== "cifar"), cifar);
});

/** A plugin file with this text. */
async function withPlugin(text: string, check: (path: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const path = join(folder, "mine.ts");
    await Deno.writeTextFile(path, text);
    await check(path);
  });
}

const BROKEN: Record<string, string> = {
  "a syntax error": "const = 3;",
  "an error of its own": 'throw new Error("first line\\nsecond line");',
  "a missing import": 'import "./nowhere.ts";',
};

for (const [what, text] of Object.entries(BROKEN)) {
  Deno.test(`a plugin file with ${what} is refused in one line`, () =>
    withPlugin(text, async (path) => {
      const { code, out, err } = await runMain("list", "--plugin", path);
      assertEquals([code, out], [1, ""]);
      assertMatch(err, /^Cannot load plugin [^\n]*mine\.ts: [^\n]+\n$/);
      assert(!err.includes("    at "), "no stack");
    }));
}

const MINE = `
import { augmentedBug, integrators } from "@rankflow/rankflow/core";
integrators.add({ ...augmentedBug, name: "mine", description: "an integrator of the user" });
`;

Deno.test("an integrator of the user is listed, among the options too", () =>
  withPlugin(MINE, async (path) => {
    const { code, out, err } = await runMain("list", `--plugin=${path}`);
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, "\n  mine: an integrator of the user\n");
    const offering = recipes.list().filter((r) => r.options.integrator);
    const names = offering.map(({ name }) => name);
    const { out: settings } = await runMain("list", ...names, `--plugin=${path}`);
    const own = settings.replaceAll(/\n\s+/g, " ").split("projected-runge-kutta, mine, geolora");
    assertEquals(own.length - 1, names.length, "every recipe with integrators offers it");
    assertGreater(names.length, 2);
  }));

Deno.test("an integrator of the user trains under its name, a recipe of the user too", () =>
  withPlugin(MINE, (path) =>
    inFolder(async (folder) => {
      const { code, out, err } = await runMain(
        ..."train trial --integrator mine --epochs 1 --train-count 40 --test-count 20".split(" "),
        ...["--plugin", path, "--plugin", blobsPlugin, "--out", join(folder, "run")],
      );
      assertEquals([code, err], [0, ""], out);
      const summary = JSON.parse(await Deno.readTextFile(join(folder, "run", "summary.json")));
      assertEquals([summary.recipe, summary.method], ["trial", "mine"]);
    })));

Deno.test("the name of a plugin is free of the name of its file, and taken only once", () =>
  withPlugin(MINE, (path) =>
    withPlugin(MINE, async (other) => {
      const { code, err } = await runMain("list", "--plugin", path, "--plugin", other);
      assertEquals(code, 1);
      assertStringIncludes(
        err,
        'mine.ts: Cannot register integrator "mine": the name is taken, choose another\n',
      );
    })));

Deno.test("faults of the program keep their stack", async () => {
  recipes.add({
    name: "faulty",
    description: "breaks",
    options: {},
    read: () => ({}),
    grid: () => ({ axes: {}, fixed: [] }),
    run: () => Promise.reject(new TypeError("Cannot read properties of undefined (reading 'x')")),
  });
  let caught: unknown;
  try {
    await main(["train", "faulty"]);
  } catch (error) {
    caught = error;
  }
  assert(caught instanceof TypeError, "main() must not take it for a mistake of the user");
});

Deno.test("missing data are named, with the folder to put them into", () =>
  inFolder(async (folder) => {
    const { code, err } = await runMain("train", "mnist", "--offline", "--data", folder);
    assertEquals(code, 1);
    assertEquals(err.trimEnd().includes("\n"), false, err);
    assertStringIncludes(err, folder);
    for (const part of ["train", "t10k"]) {
      assertStringIncludes(err, `${part}-images-idx3-ubyte`);
      assertStringIncludes(err, `${part}-labels-idx1-ubyte`);
    }
    assertEquals([...Deno.readDirSync(folder)], [], "nothing is written");
  }));

Deno.test("report refuses to be without a folder, or with one that holds no run", () =>
  inFolder(async (folder) => {
    const none = await runMain("report");
    assertEquals([none.code, none.out], [1, ""]);
    assertStringIncludes(none.err, "Cannot build a report: expected the folder of a run");
    const empty = await runMain("report", folder);
    assertEquals(empty.code, 1);
    assertEquals(
      empty.err,
      `Cannot read a run from ${folder}: expected a config.json, found none\n`,
    );
  }));
