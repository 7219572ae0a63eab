import { measure, type Timing } from "./harness.ts";
import { usableBackends } from "./support/backends.ts";
import type { Bench, BenchOptions, BenchResult, Section } from "./support/bench.ts";
import { inSeconds } from "./support/fastest.ts";
import { startOwn } from "./support/own_worker.ts";
import type { Worker } from "./support/worker_client.ts";

/** Square, a dense layer's three products, and the skinny ones of factors. */
const SHAPES: readonly (readonly [number, number, number])[] = [
  [512, 512, 512],
  [256, 784, 500],
  [256, 500, 32],
  [256, 32, 500],
];

const FORMS = ["nn", "tn", "nt", "tt"];

/** Matrix products per backend, shape and transposition. */
const bench: Bench = {
  name: "products",
  description: "matrix products per backend, shape and transposition",
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, [
      "tensorflow",
      "webgpu",
      "blas",
      "wasm",
    ]);
    const sections: Section[] = [];
    await using stack = new AsyncDisposableStack();
    const workers: Worker[] = [];
    for (const name of names) workers.push(stack.use(await startOwn(name)));
    for (const [m, k, n] of SHAPES) {
      const variants = names.flatMap((name, i) =>
        FORMS.map((form) =>
          workers[i]!.variant(`${name} ${form}`, `product ${m} ${k} ${n} ${form}`)
        )
      );
      const timings = await measure(variants, options.measure);
      sections.push({
        title: `${m}×${k} by ${k}×${n}`,
        figures: inSeconds(timings),
        extra: rates(timings, 2 * m * k * n),
      });
    }
    return { sections, aims: [], notes };
  },
};

function rates(timings: ReadonlyMap<string, Timing>, flops: number): Section["extra"] & object {
  const rows = [...timings].map(([name, t]) => [
    name,
    { "GFLOP/s": (flops / t.median / 1e9).toFixed(1) },
  ]);
  return Object.fromEntries(rows);
}

export default bench;
