import { join } from "node:path";
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { type Project, publishedFiles, withProject } from "./project.ts";

/** A regression of somebody who has arrays. */
const REGRESSION = `import { fit, load, perceptron } from "@rankflow/rankflow";

const x = Array.from({ length: 200 }, (_, i) => [i / 100 - 1, Math.sin(i)]);
const y = x.map(([a, b]) => a! + 2 * b!);
const network = perceptron({ sizes: [2, 16, 16, 1], format: "low-rank", activation: "tanh" });
using model = await fit(network, { x, y }, { epochs: 100, folder: "run" });
const { values } = await model.measure({ x, y });
console.log("rmse", values.rmse! < 0.3);
await model.save("model.safetensors");
using again = await load(network, "model.safetensors");
const [a, b] = [await model.predict([[0.5, 1]]), await again.predict([[0.5, 1]])];
console.log("same", a.data[0] === b.data[0], "on", model.engine.backend);
`;

/** A classifier of somebody who has arrays. */
const CLASSIFIER = `import { fit, perceptron } from "@rankflow/rankflow";

const x = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i));
const y = Uint8Array.from({ length: 300 }, (_, i) => x[2 * i]! > x[2 * i + 1]! ? 1 : 0);
const network = perceptron({ sizes: [2, 16, 2], format: "low-rank" });
using model = await fit(network, { x: { data: x, shape: [300, 2] }, y }, { epochs: 20 });
console.log("accuracy", model.test!.values.accuracy! > 0.9);
console.log("classes", (await model.predict([[1, -1], [-1, 1]])).classes.join());
`;

/** Whoever only makes a network. */
const NETWORK = `import { perceptron } from "@rankflow/rankflow";
console.log(perceptron({ sizes: [2, 1] }).weights.length);
`;

const ENTRIES = ["", "/core", "/layers", "/optimizers", "/tasks", "/cli"];

/** The first line of a text: with its times it tells one run from another. */
function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n"));
}

/** Runs a program of the project; nobody is asked. */
function run(p: Project, ...args: string[]): ReturnType<Project["deno"]> {
  return p.deno("run", "--no-prompt", ...args);
}

Deno.test("the package works for a project that depends on what is published", async (t) => {
  await withProject(async (p) => {
    await p.write("regression.ts", REGRESSION);
    await p.write("classifier.ts", CLASSIFIER);
    await p.write("network.ts", NETWORK);

    await t.step("its programs and every entry type-check with the default options", async () => {
      const lines = ENTRIES.map((e, i) => `export * as e${i} from "@rankflow/rankflow${e}";`);
      await p.write("entries.ts", lines.join("\n"));
      const programs = ["regression.ts", "classifier.ts", "network.ts", "entries.ts"];
      const { code, err } = await p.deno("check", ...programs);
      assertEquals(code, 0, err);
    });

    await t.step("a regression trains, predicts, saves and loads", async () => {
      const file = ["--allow-read", "--allow-write=."];
      const { code, out, err } = await run(p, ...file, "regression.ts");
      assertEquals([code, out], [0, "rmse true\nsame true on wasm\n"], err);
    });

    await t.step("the same program goes on with its run, and its report is built", async () => {
      const lines = (): Promise<string> => Deno.readTextFile(join(p.folder, "run/metrics.jsonl"));
      const before = await lines();
      const { code, out } = await run(p, "--allow-read", "--allow-write=.", "regression.ts");
      assertEquals([code, out], [0, "rmse true\nsame true on wasm\n"]);
      assertEquals(firstLine(await lines()), firstLine(before));
      const config = await Deno.readTextFile(join(p.folder, "run/config.json"));
      assertStringIncludes(config, '"processor": "unknown: --allow-sys is not granted"');
      const report = await run(p, "-A", "jsr:@rankflow/rankflow/cli", "report", "run");
      assertEquals(report.code, 0, report.err);
      assertStringIncludes(await Deno.readTextFile(join(p.folder, "run/report.html")), "<svg");
    });

    await t.step("a classifier trains and predicts with no permission at all", async () => {
      const { code, out, err } = await run(p, "classifier.ts");
      assertEquals([code, out], [0, "accuracy true\nclasses 1,0\n"], err);
    });

    await t.step("a file that may not be written or read names the flag", async () => {
      await p.write(
        "files.ts",
        `import { fit, load, perceptron } from "@rankflow/rankflow";
        const network = perceptron({ sizes: [1, 1] });
        using model = await fit(network, { x: [0, 1, 2], y: [0, 1, 2] }, { epochs: 1 });
        await model.save("other.safetensors").catch((error) => console.log(error.message));
        await load(network, "model.safetensors").catch((error) => console.log(error.message));`,
      );
      const { code, out, err } = await run(p, "files.ts");
      assertEquals(code, 0, err);
      assertEquals(out.split("\n"), [
        "Cannot write other.safetensors: --allow-write is not granted",
        "Cannot read model.safetensors: --allow-read is not granted",
        "",
      ]);
    });

    await t.step("a backend that may not be opened is passed over, and says for what", async () => {
      await p.write(
        "engines.ts",
        `import { openEngine } from "@rankflow/rankflow";
        const { chosen, passedOver } = await openEngine();
        console.log(chosen, ...passedOver.map((p) => "; " + p.name + ": " + p.reason));
        await openEngine("wasm").catch((error) => console.log(error.message));`,
      );
      const { code, out, err } = await run(p, "engines.ts");
      assertEquals(code, 0, err);
      assertMatch(out, /^cpu ; tensorflow: --allow-env is not granted ; webgpu: /);
      assertMatch(out, /; blas: --allow-ffi is not granted ; wasm: --allow-read is not granted\n/);
      assertStringIncludes(out, 'Cannot open backend "wasm": --allow-read is not granted; ');
    });

    await t.step("an import fetches no package; the engine is asked for by a fit", async () => {
      const alone = ["--no-npm", "--no-remote"];
      const network = await run(p, ...alone, "network.ts");
      assertEquals([network.code, network.out], [0, "2\n"], network.err);
      const fit = await run(p, ...alone, "classifier.ts");
      assertEquals(fit.code, 1);
      assertStringIncludes(fit.err, "npm:@tensorflow/tfjs@");
    });

    await t.step("the command line runs from its entry", async () => {
      const { code, out, err } = await run(p, "-A", "jsr:@rankflow/rankflow/cli", "list");
      assertEquals(code, 0, err);
      assertStringIncludes(out, "augmented-bug");
      const refused = await run(p, "jsr:@rankflow/rankflow/cli", "train", "demo");
      assertEquals(refused.code, 1);
      assertMatch(refused.err, /^Cannot make the folder runs\S+: --allow-read is not granted$/m);
    });
  });
});

Deno.test("what is published is the library and nothing of its tests", async () => {
  const files = await publishedFiles();
  assertGreater(files.length, 100);
  for (const name of ["mod.ts", "tasks/main.ts", "tasks/library/fit.ts"]) {
    assert(files.includes(name), name);
  }
  assertEquals(
    files.filter((f) => /^(?:tests|bench|docs)\//.test(f) || f.endsWith("_test.ts")),
    [],
  );
});

Deno.test("a regression and a classifier take about fifteen lines each", () => {
  for (const program of [REGRESSION, CLASSIFIER]) {
    assert(program.trim().split("\n").length <= 15);
  }
});
