import { measure, type Timing } from "./harness.ts";
import { usableBackends } from "./support/backends.ts";
import type { Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { inSeconds } from "./support/fastest.ts";
import { startOwn } from "./support/own_worker.ts";
import { onBackends, registered, type Works } from "./support/pieces.ts";
import type { Worker } from "./support/worker_client.ts";

/** Square, a dense layer's three products, and the skinny ones of factors. */
const SHAPES: readonly (readonly [number, number, number])[] = [
  [512, 512, 512],
  [256, 784, 500],
  [256, 500, 32],
  [256, 32, 500],
];

const FORMS = ["nn", "tn", "nt", "tt"];

const BACKENDS = ["tensorflow", "webgpu", "blas", "wasm"];

const titleOf = ([m, k, n]: typeof SHAPES[number]): string => `${m}×${k} by ${k}×${n}`;

const workOf = (shape: typeof SHAPES[number], form: string): string =>
  `product ${shape.join(" ")} ${form}`;

/** All of them, with names that tell the tables apart. */
const GROUPS: Works = Object.fromEntries(SHAPES.map((shape) => [
  titleOf(shape),
  Object.fromEntries(FORMS.map((form) => [`${form} ${titleOf(shape)}`, workOf(shape, form)])),
]));

/** Matrix products per backend, shape and transposition. */
const bench: Bench = {
  name: "products",
  description: "matrix products per backend, shape and transposition",
  pieces: () => onBackends(BACKENDS, GROUPS, { together: true }),
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    const sections: Section[] = [];
    await using stack = new AsyncDisposableStack();
    const workers: Worker[] = [];
    for (const name of names) workers.push(stack.use(await startOwn(name)));
    for (const shape of SHAPES) {
      const variants = names.flatMap((name, i) =>
        FORMS.map((form) => workers[i]!.variant(`${name} ${form}`, workOf(shape, form)))
      );
      const timings = await measure(variants, options.measure);
      sections.push({
        title: titleOf(shape),
        figures: inSeconds(timings),
        extra: rates(timings, shape.reduce((a, b) => a * b, 2)),
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

export default await registered(bench);
