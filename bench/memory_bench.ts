import { usableBackends } from "./support/backends.ts";
import type { Bench, BenchOptions, BenchResult } from "./support/definition.ts";
import type { Figure } from "./support/history.ts";
import { startOwn } from "./support/own_worker.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";

const BACKENDS = ["blas", "wasm"];

/** Hidden width: of the published comparison, of a quick run, and for `deno bench`. */
const [WIDTH, QUICK, SMALL] = [5120, 1024, 512] as const;

/** Workloads by the name in the table. */
const worksAt = (width: number): Readonly<Record<string, string>> => ({
  "dense": `train dense 64 ${width}`,
  "augmented-bug, rank 64": `train augmented-bug 64 ${width}`,
  "geolora, rank 64": `train geolora 64 ${width}`,
});

/** Peak memory of training a wide net, low rank beside dense, each in a process of its own. */
const bench: Bench = {
  name: "memory",
  description: "peak memory of training 784-w-w-w-w-10, batch 256, low rank beside dense",
  // Steps only: `deno bench` is one process, and a process has one peak of memory.
  pieces: () =>
    onBackends(BACKENDS, { [`step at width ${SMALL}`]: worksAt(SMALL) }, { repetitions: FEW }),
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    const backend = names[0];
    if (backend === undefined) return { sections: [], aims: [], notes };
    const width = options.quick ? QUICK : WIDTH;
    const peaks = new Map<string, Figure>();
    const times = new Map<string, Figure>();
    for (const [name, work] of Object.entries(worksAt(width))) {
      await using worker = await startOwn(backend);
      await worker.ask({ workload: work, steps: 1 });
      const { seconds, peakBytes } = await worker.ask({ workload: work, steps: 3 });
      if (typeof peakBytes === "number") peaks.set(name, { median: peakBytes, unit: "B" });
      times.set(name, { median: seconds! / 3, unit: "s" });
    }
    const title = `width ${width} on ${backend}`;
    return {
      sections: [
        { title: `peak resident memory, ${title}`, figures: peaks, reference: "dense" },
        { title: `step, ${title}`, figures: times, reference: "dense" },
      ],
      aims: [],
      notes: peaks.size > 0 ? notes : [...notes, "peak memory: this system does not tell"],
    };
  },
};

export default await registered(bench);
