import { fileURLToPath } from "node:url";
import { timing } from "./harness.ts";
import type { Bench, BenchOptions, BenchResult } from "./support/bench.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Longest wait for the first step, in seconds. */
const PATIENCE = 120;

/** From the command to the first training step of the demo, caches warm. */
const bench: Bench = {
  name: "startup",
  description: "from `deno task demo` to its first logged training step, caches warm",
  async run(options: BenchOptions): Promise<BenchResult> {
    await secondsToFirstStep(options.backend);
    const samples: number[] = [];
    for (let i = 0; i < (options.quick ? 2 : 5); i++) {
      samples.push(await secondsToFirstStep(options.backend));
    }
    const figure = { ...timing(samples), unit: "s" as const };
    return {
      sections: [{ title: "start-up", figures: new Map([["demo", figure]]) }],
      aims: [{ what: "seconds to the first step", value: figure.median, limit: 3 }],
      notes: [],
    };
  },
};

/** Starts the demo, waits for the first line of its metrics, and interrupts it. */
async function secondsToFirstStep(backend: string | undefined): Promise<number> {
  const out = await Deno.makeTempDir();
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "demo", "--out", `${out}/run`, ...backend ? ["--backend", backend] : []],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    while (!await hasContent(`${out}/run/metrics.jsonl`)) {
      if (performance.now() - start > 1000 * PATIENCE) {
        throw new Error(`Cannot measure the start: no step within ${PATIENCE} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return (performance.now() - start) / 1000;
  } finally {
    child.kill("SIGINT");
    await child.status;
    await Deno.remove(out, { recursive: true });
  }
}

async function hasContent(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch {
    return false;
  }
}

export default bench;
