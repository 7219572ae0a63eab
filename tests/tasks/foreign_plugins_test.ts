/** Plugins of users, in files outside of the tree, as the command line takes them. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { kinds } from "../../tasks/list.ts";
import "../../tasks/recipes/mod.ts";
import { inFolder, runMain } from "../support/command_line.ts";
import { writeTinyModel } from "../support/tiny_model.ts";

const FILE = new URL("../support/foreign_plugins.ts", import.meta.url);

/** What uses each kind; OUT is a folder of its own. */
const COMMANDS: readonly string[] = [
  "train foreign-recipe",
  "train cifar --dataset foreign-data-set --network foreign-network --method foreign-method " +
  "--integrator foreign-integrator --tucker-integrator foreign-tucker-integrator " +
  "--truncation foreign-truncation-rule --refresh foreign-refresh-rule --optimizer foreign-optimizer " +
  "--schedule foreign-schedule --initialiser foreign-initialiser " +
  "--augmentation foreign-augmentation --backend foreign-backend --width 0.1 --rank 3 " +
  "--max-rank 4 --epochs 1 --train-count 24 --test-count 8 --batch 12 --no-prefetch --out OUT",
  "train robust --dataset blobs --network perceptron --width 0.05 --method low-rank --rank 8 " +
  "--max-rank 10 --epochs 2 --batch 32 --train-count 128 --test-count 40 --attack-count 40 " +
  "--no-dense --betas 0.1 --epsilons 0.1 --regularizer foreign-regularizer " +
  "--strength foreign-strength-schedule --attacks foreign-attack " +
  "--training foreign-adversarial-training --train-steps 1 --backend wasm --out OUT",
  "train integrators --problem foreign-ode-problem --stepper foreign-stepper " +
  "--integrator augmented-bug --steps 2 --halvings 1 --out OUT",
  "train windowing --window foreign-window --problem foreign-unsteady-problem --out OUT",
  "train flow --reynolds 20 --grids 6 --time 2 --settle 1 --length 8 --kernel foreign-flow-kernel --out OUT",
  "train shape --reynolds 20 --windows square --body foreign-body --steps 1 --resolution 6 --length 8 " +
  "--transient 1 --horizon 1 --out OUT",
  "train transport --problem foreign-kinetic-problem --cells 14 --quadrature foreign-quadrature " +
  "--order 2 --limiter foreign-limiter --kernel foreign-sweep-kernel --threads 1 --out OUT",
  "train demo --method foreign-adapted --no-baseline --width 20 --rank 3 --epochs 1 --train-count 40 " +
  "--test-count 20 --batch 20 --backend wasm --out OUT",
  "train collision --conservation foreign-conservation --kernel foreign-scattering-kernel " +
  "--order 6 --samples 8 --tests 4 --hidden 4 --modes 2 --steps 2 --cells 6 --no-contrast " +
  "--backend wasm --out OUT",
  "train closure --problem plane-source --quadrature gauss --order 4 --cells 6 --degree 1 --network " +
  "foreign-closure-network --gamma 0.1 --samples 16 --steps 1 --batch 16 --width 4 --depth 1 " +
  "--threads 1 --out OUT",
  "train gpt --dataset foreign-sequence-data-set --train-count 32 --test-count 10 --attention " +
  "foreign-kind-of-attention --mover foreign-mover --width 8 --heads 2 --blocks 1 --steps 2 --warmup 1 --batch 4 " +
  "--backend wasm --out OUT",
  "train federated --methods foreign-federated-method --partition foreign-partition --dataset blobs " +
  "--width 0.02 --rank 3 --rounds 1 --clients 2 --local-steps 1 --looks 1 --train-count 40 " +
  "--test-count 10 --backend wasm --out OUT",
  "train pretrain --ways foreign-way-to-train --rates 0.01 --seeds 1 --dataset blobs --train-count 60 " +
  "--test-count 20 --held-out 20 --epochs 1 --batch 20 --width 0.03 --backend wasm --out OUT",
  "generate MODEL --prompt abc --tokens 2 --backend wasm",
  "check foreign-manifold foreign-frame-retraction foreign-low-rank-retraction " +
  "foreign-tucker-retraction foreign-tucker-decomposition --points 1",
];

Deno.test("one file outside of the tree brings one plugin of every kind, and commands use all", () =>
  inFolder(async (folder) => {
    const [file, log] = [join(folder, "foreign.ts"), join(folder, "log")];
    const model = join(folder, "model");
    await writeTinyModel(model, { model_type: "foreign-model-type" });
    await Deno.copyFile(FILE, file);
    await Deno.writeTextFile(log, "");
    Deno.env.set("FOREIGN_LOG", log);
    try {
      for (const [i, command] of COMMANDS.entries()) {
        const args = command.replace("OUT", join(folder, `${i}`)).replace("MODEL", model).split(
          " ",
        );
        const { code, out, err } = await runMain(...args, "--plugin", file);
        assertEquals([code, err], [0, ""], `${command}\n${out}`);
      }
      const run = join(folder, "1");
      assertEquals(JSON.parse(await Deno.readTextFile(join(run, "config.json"))).plugins, [file]);
      const { code, err } = await runMain("report", run, "--kind=foreign-report", "--plugin", file);
      assertEquals([code, err], [0, ""]);
      assertStringIncludes(await Deno.readTextFile(join(run, "report.html")), "a report of a user");
      const used = (await Deno.readTextFile(log)).trim().split("\n");
      assertEquals([...new Set(used)].toSorted(), [...kinds().keys()].toSorted());
      await resumption(run, file);
    } finally {
      Deno.env.delete("FOREIGN_LOG");
    }
  }));

/** A run that is resumed without its plugins names them, at whatever place they are now. */
async function resumption(run: string, file: string): Promise<void> {
  const args = ["train", "cifar", "--dataset", "foreign-data-set", "--out", run, "--resume"];
  const { code, out, err } = await runMain(...args);
  assertEquals(
    [code, out, err],
    [1, "", `Cannot resume ${run}: the run was made with other plugins, add --plugin ${file}\n`],
  );
}

const DEMO = "train demo --no-baseline --width 20 --rank 3 --max-rank 4 --epochs 1 " +
  "--train-count 40 --test-count 20 --batch 20 --out OUT";
const ROBUST = "train robust --dataset digits --network perceptron --width 0.02 --rank 3 " +
  "--method low-rank --max-rank 4 --epochs 1 --batch 12 --train-count 24 --test-count 8 " +
  "--attack-count 8 --no-dense --betas 0.1 --backend wasm --out OUT";

/** A plugin that is wrong, the command that meets it, and what is said. */
const BROKEN: readonly [what: string, text: string, args: string, message: RegExp][] = [
  [
    "throws",
    `import { integrators } from "@rankflow/rankflow/core";
     const bug = integrators.get("bug");
     integrators.add({ ...bug, name: "broken", step() { return undefined.rows; } });`,
    "train integrators --integrator broken --problem riccati --out OUT",
    /^Cannot use plugin .*broken\.ts: line 3: TypeError: Cannot read properties of undefined.*\n$/,
  ],
  [
    "has a name that is taken",
    `import { integrators } from "@rankflow/rankflow/core";
     integrators.add({ ...integrators.get("bug") });`,
    "list",
    /^Cannot load plugin .*broken\.ts: Cannot register integrator "bug": the name is taken.*\n$/,
  ],
  [
    "returns NaN as a rank",
    `import { truncationRules } from "@rankflow/rankflow/core";
     truncationRules.add({ name: "broken", description: "", rank: () => NaN });`,
    `${DEMO} --truncation broken`,
    /^Cannot use truncation rule "broken": expected it to return a rank as an integer ≥ 0, got NaN\n$/,
  ],
  [
    "returns factors that do not chain",
    `import { augmentedBug, integrators } from "@rankflow/rankflow/core";
     integrators.add({ ...augmentedBug, name: "broken", async *step(a, y, dt, o) {
       const found = yield* augmentedBug.step(a, y, dt, o);
       return { ...found, y: { ...found.y, s: a.identity(9) } };
     } });`,
    `${DEMO} --integrator broken`,
    /^Cannot use integrator "broken": expected it to return factors of 784×20 that chain, got .*9×9.*\n$/,
  ],
  [
    "returns a Runge-Kutta step of another shape",
    `import { rk4, steppers } from "@rankflow/rankflow/core";
     steppers.add({ ...rk4, name: "broken", async *advance(a, flow) {
       return { value: a.transpose(flow.start()) };
     } });`,
    "train integrators --problem riccati --integrator bug --stepper broken --out OUT",
    /^Cannot use stepper "broken": expected it to return a factor of 48×14, got 14×48\n$/,
  ],
  [
    "regularises by NaN",
    `import { orthogonality, regularizers } from "@rankflow/rankflow/core";
     regularizers.add({ ...orthogonality, name: "broken", term: async () => ({ value: NaN }) });`,
    `${ROBUST} --regularizer broken`,
    /expected a finite value of "broken", got NaN[^\n]*\n$/,
  ],
  [
    "regularises by a matrix of another shape",
    `import { clamp, regularizers } from "@rankflow/rankflow/core";
     regularizers.add({ ...clamp, name: "broken", project: async (a) => a.identity(7) });`,
    `${ROBUST} --regularizer broken`,
    /^Cannot use regularizer "broken": expected it to return 3×3 entries, got 7×7\n$/,
  ],
  [
    "attacks outside of its ball",
    `import { attacks, fgsm } from "@rankflow/rankflow/core";
     attacks.add({ ...fgsm, name: "broken", perturb: async (p) => p.images.map((v) => 1 - v) });`,
    "train robust --dataset blobs --network perceptron --width 0.05 --method low-rank --rank 8 " +
    "--max-rank 10 --epochs 2 --batch 32 --train-count 128 --test-count 40 --attack-count 40 " +
    "--no-dense --betas 0 --attacks broken --backend wasm --out OUT",
    /^Cannot use attack "broken": expected images within 0.05 of the given ones, got one .* away.*\n$/,
  ],
  [
    "gives the rate a negative factor",
    `import { schedules } from "@rankflow/rankflow/optimizers";
     schedules.add({ name: "broken", description: "", factor: () => -1 });`,
    `${DEMO} --schedule broken`,
    /^Cannot train: expected the factor of schedule "broken" to be a number ≥ 0, got -1\n$/,
  ],
  [
    "weights time by NaN",
    `import { hannWindow, windows } from "@rankflow/rankflow/core";
     windows.add({ ...hannWindow, name: "broken", weight: () => NaN });`,
    "train windowing --window broken --out OUT",
    /^Cannot weight samples by window "broken": expected a weight to be a number ≥ 0, got NaN\n$/,
  ],
  [
    "starts weights of another shape",
    `import { initialisers } from "@rankflow/rankflow/layers";
     initialisers.add({ name: "broken", description: "", variance: () => 1,
       draw: () => new Float32Array(3) });`,
    `${DEMO} --initialiser broken`,
    /^Cannot start weight "[^"]*" by "broken": expected \d+ entries, got 3\n$/,
  ],
  [
    "decomposes into factors that do not fit",
    `import { hosvd, tuckerDecompositions } from "@rankflow/rankflow/core";
     tuckerDecompositions.add({ ...hosvd, name: "broken", async decompose(a, x, o) {
       const { tucker, discarded } = await hosvd.decompose(a, x, o);
       return { tucker: { ...tucker, factors: tucker.factors.toReversed() }, discarded };
     } });`,
    "check broken",
    /^Cannot use Tucker decomposition "broken": expected ranks up to 3×2×2 and factors that fit [^\n]*\n$/,
  ],
  [
    "has a setting that another file misspells",
    `import { tunable, truncationRules } from "@rankflow/rankflow/core";
     tunable(truncationRules, { name: "broken", description: "", defaults: { share: 0.5 },
       limits: { share: { min: 0 } }, make: () => ({ rank: (s) => s.length }) });`,
    "train demo --truncation broken:shere=1",
    /^Cannot set "shere" of truncation rule "broken": did you mean "share"\n$/,
  ],
];

for (const [what, text, args, message] of BROKEN) {
  Deno.test(`a plugin that ${what} is named in one line`, () =>
    inFolder(async (folder) => {
      const file = join(folder, "broken.ts");
      await Deno.writeTextFile(file, text);
      const words = args.replace("OUT", join(folder, "run")).split(" ");
      const { code, err } = await runMain(...words, "--plugin", file);
      assertMatch(err, message);
      assertEquals(code, 1);
      assert(!err.includes("    at "), "no stack");
    }));
}

Deno.test("a report that returns no page is named in one line", () =>
  inFolder(async (folder) => {
    const [run, file] = [join(folder, "run"), join(folder, "broken.ts")];
    const { code } = await runMain(..."train windowing --window hann --out".split(" "), run);
    assertEquals(code, 0);
    const text = `import { reports } from "@rankflow/rankflow/core";
      reports.add({ name: "broken", description: "", build: async () => ({ title: "t" }) });`;
    await Deno.writeTextFile(file, text);
    const found = await runMain("report", run, "--kind", "broken", "--plugin", file);
    assertEquals([found.code, found.out], [1, ""]);
    assertEquals(
      found.err,
      'Cannot use report "broken": expected it to return a page with title, lead and sections, ' +
        "got one with title\n",
    );
  }));
