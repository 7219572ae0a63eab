import { measure, type Timing } from "./harness.ts";
import { findPyTorch, startPyTorch } from "./peers/mod.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { ratio } from "./support/fastest.ts";
import type { Figure } from "./support/history.ts";
import { startOwn } from "./support/own_worker.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";
import { formatFigure } from "./support/print.ts";
import type { Worker } from "./support/worker_client.ts";

const BACKENDS = ["tensorflow", "webgpu", "blas", "wasm"];

/** Sequences, heads, tokens, entries of a head: of small language models, and of long contexts. */
const SHAPES = [
  [32, 4, 128, 32],
  [8, 4, 256, 32],
  [8, 4, 512, 32],
  [4, 4, 1024, 32],
  [1, 4, 2048, 32],
  [1, 4, 4096, 32],
  [4, 4, 1024, 64],
] as const;

type Shape = typeof SHAPES[number];

/** Of a quick run and of `deno bench`. */
const SMALL = SHAPES[1];

const PASSES = ["forward", "step"] as const;

/** Threads on both sides. */
const THREADS = Math.min(2, navigator.hardwareConcurrency);

/** What attention may take of the time of PyTorch's fused one. */
const AIM = 1.3;

/** The composed form of longer sequences takes seconds and gigabytes. */
const LONGEST_COMPOSED = 1024;

const workOf = (words: string, pass: string, shape: Shape): string =>
  `attention ${words} ${pass} ${shape.join(" ")}`;

/** Medians of one shape and pass. */
interface Row {
  readonly fused: number;
  readonly composed: number | undefined;
  readonly torch: number | undefined;
}

async function rowOf(
  worker: Worker,
  peer: Worker | undefined,
  pass: string,
  shape: Shape,
  options: BenchOptions,
): Promise<Row> {
  const variants = [worker.variant("fused", workOf("fused", pass, shape))];
  if (shape[2] <= LONGEST_COMPOSED) {
    variants.push(worker.variant("composed", workOf("composed", pass, shape)));
  }
  if (peer) variants.push(peer.variant("torch", workOf("torch", pass, shape)));
  const timings: ReadonlyMap<string, Timing> = await measure(variants, options.measure);
  const of = (name: string) => timings.get(name)?.median;
  return { fused: of("fused")!, composed: of("composed"), torch: of("torch") };
}

/** The rows as a table: our one operation, then what it is compared with. */
function sectionOf(title: string, rows: ReadonlyMap<string, Row>): Section {
  const figures = new Map<string, Figure>();
  const extra: Record<string, Record<string, string>> = {};
  for (const [label, { fused, composed, torch }] of rows) {
    figures.set(label, { median: fused, unit: "s" });
    const beside = (name: string, time: number | undefined): Record<string, string> =>
      time === undefined
        ? {}
        : { [name]: formatFigure(time, "s"), [`/${name}`]: `${(fused / time).toFixed(2)}x` };
    extra[label] = { ...beside("composed", composed), ...beside("PyTorch", torch) };
  }
  return { title, figures, extra };
}

/** Peak memory of a step at the longest sequence, in a process of its own. */
async function peakSection(backend: string): Promise<Section> {
  const longest = SHAPES[5];
  const figures = new Map<string, Figure>();
  const [batch, heads, tokens] = longest;
  for (const [name, words] of [["an engine, before", SHAPES[0]], ["a step", longest]] as const) {
    await using worker = await startOwn(backend, THREADS);
    const pass = name === "a step" ? "step" : "forward";
    const { peakBytes } = await worker.ask({ workload: workOf("fused", pass, words), steps: 1 });
    if (typeof peakBytes === "number") figures.set(name, { median: peakBytes, unit: "B" });
  }
  figures.set("scores of all pairs, for comparison", {
    median: 4 * batch * heads * tokens ** 2,
    unit: "B",
  });
  return { title: `${backend}: peak resident memory at ${tokens} tokens`, figures };
}

/** Causal attention beside its composed form and PyTorch's scaled_dot_product_attention. */
const bench: Bench = {
  name: "attention",
  description: "causal attention by batch, heads, tokens and width: in tiles, composed; PyTorch",
  pieces: () => {
    const works = PASSES.map((pass) => [
      `${pass} at ${SMALL.join("×")}`,
      {
        [`fused ${pass}`]: workOf("fused", pass, SMALL),
        [`composed ${pass}`]: workOf("composed", pass, SMALL),
      },
    ]);
    return onBackends(["blas", "wasm"], Object.fromEntries(works), { repetitions: FEW });
  },
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    await using stack = new AsyncDisposableStack();
    const { python, reason } = await findPyTorch();
    const left = python === undefined ? [`PyTorch: ${reason}`] : [];
    const peer = python === undefined
      ? undefined
      : stack.use(await startPyTorch(python, THREADS, "torch_attention.py"));
    const sections: Section[] = [];
    const aims: Aim[] = [];
    for (const name of names) {
      const worker = stack.use(await startOwn(name, THREADS));
      for (const pass of PASSES) {
        const rows = new Map<string, Row>();
        for (const shape of options.quick ? [SMALL] : SHAPES) {
          const row = await rowOf(worker, peer, pass, shape, options);
          rows.set(shape.join("×"), row);
          if (name !== "blas") continue;
          const what = `${name} ${pass} ${shape.join("×")}: ours / PyTorch`;
          aims.push({ what, value: ratio(row.fused, row.torch), limit: AIM });
        }
        sections.push(sectionOf(`${name}: ${pass}`, rows));
      }
      if (["blas", "wasm"].includes(name)) sections.push(await peakSection(name));
    }
    return { sections, aims, notes: [...notes, ...left] };
  },
};

export default await registered(bench);
