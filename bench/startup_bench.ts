import { fileURLToPath } from "node:url";
import { timing } from "./harness.ts";
import type { Bench, BenchOptions, BenchResult, Pieces } from "./support/definition.ts";
import { registered } from "./support/pieces.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Longest wait for the first step, in seconds. */
const PATIENCE = 120;

/** From the command to the first training step of the demo, caches warm. */
const bench: Bench = {
  name: "startup",
  description: "from `deno task demo` to its first logged training step, caches warm",
  pieces: () => Promise.resolve(oneDemo()),
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

/** A start of the demo as `deno bench` measures it, where it may be started. */
function oneDemo(): Pieces {
  const missing = (["run", "read", "write"] as const).filter((name) =>
    Deno.permissions.querySync({ name }).state !== "granted"
  );
  if (missing.length > 0) {
    return { pieces: [], notes: [`demo: --allow-${missing[0]} is not granted; use -A`] };
  }
  let demo: Demo | undefined;
  const step = async (): Promise<void> => {
    demo = await Demo.start(undefined);
    await demo.firstStep();
  };
  return {
    pieces: [{
      group: "command to first step",
      name: "demo",
      repetitions: 2,
      start: () => ({ step }),
      cleanUp: () => demo![Symbol.asyncDispose](),
    }],
    notes: [],
  };
}

async function secondsToFirstStep(backend: string | undefined): Promise<number> {
  const start = performance.now();
  await using demo = await Demo.start(backend);
  await demo.firstStep();
  return (performance.now() - start) / 1000;
}

/** The demo in a process and a folder of its own. */
class Demo implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  static async start(backend: string | undefined): Promise<Demo> {
    const folder = await Deno.makeTempDir();
    const child = new Deno.Command(Deno.execPath(), {
      args: ["task", "demo", "--out", `${folder}/run`, ...backend ? ["--backend", backend] : []],
      cwd: ROOT,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new Demo(child, folder);
  }

  /** Waits for the first line of its metrics. */
  async firstStep(): Promise<void> {
    for (const start = performance.now(); !await hasContent(`${this.#folder}/run/metrics.jsonl`);) {
      if (performance.now() - start > 1000 * PATIENCE) {
        throw new Error(`Cannot measure the start: no step within ${PATIENCE} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Interrupts it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGINT");
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function hasContent(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch {
    return false;
  }
}

export default await registered(bench);
