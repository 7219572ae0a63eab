import { measure, type Variant } from "./harness.ts";
import { findPyTorch, startPyTorch } from "./peers/mod.ts";
import { addAmortised } from "./support/amortised.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult } from "./support/definition.ts";
import { fastest, inSeconds, ratio } from "./support/fastest.ts";
import { startOwn } from "./support/own_worker.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";

const BACKENDS = ["tensorflow", "webgpu", "blas", "wasm"];

/** Entries of a token: of the recipe, and where factors pay. */
const [NARROW, WIDE] = [128, 512];

/** Of every matrix in blocks. */
const RANK = 32;

/** Threads on both sides. */
const THREADS = Math.min(2, navigator.hardwareConcurrency);

/** What our dense step may take of PyTorch's time. */
const PEER_AIM = 1.2;

/** What a step with low-rank matrices may take of our dense one's, where factors pay. */
const LOW_RANK_AIM = 0.9;

const worksOf = (width: number) => ({
  "dense": `gpt dense ${RANK} ${width}`,
  "augmented-bug": `gpt augmented-bug ${RANK} ${width}`,
  "held bases": `gpt held ${RANK} ${width}`,
});

/** One training step of a small GPT: dense, low-rank, PyTorch's. */
const bench: Bench = {
  name: "gpt",
  description:
    "a training step of a GPT of 4 blocks on 8×128 bytes: dense, rank 32, amortised; PyTorch",
  pieces: () => onBackends(["blas", "wasm"], { "128 wide": worksOf(NARROW) }, { repetitions: FEW }),
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    await using stack = new AsyncDisposableStack();
    const { python, reason } = await findPyTorch();
    const peer = python === undefined
      ? undefined
      : stack.use(await startPyTorch(python, THREADS, "torch_gpt.py"));
    const variants: Variant[] = [];
    const amortised: string[] = [];
    const widths = options.quick ? [NARROW] : [NARROW, WIDE];
    for (const width of widths) {
      for (const name of names) {
        const worker = stack.use(await startOwn(name, THREADS));
        for (const [label, work] of Object.entries(worksOf(width))) {
          variants.push(worker.variant(`${name} ${width} ${label}`, work));
        }
        amortised.push(`${name} ${width}`);
      }
      if (peer) variants.push(peer.variant(`torch ${width} dense`, `gpt dense ${width}`));
    }
    const timings = await measure(variants, options.measure);
    for (const label of amortised) {
      addAmortised(timings, `${label} amortised`, `${label} augmented-bug`, `${label} held bases`);
    }
    const of = (name: string) => fastest(timings, name);
    const aims: Aim[] = widths.map((width) => ({
      what: `blas dense step / PyTorch, ${width} wide`,
      value: ratio(of(`blas ${width} dense`), of(`torch ${width} dense`)),
      limit: PEER_AIM,
    }));
    for (const form of options.quick ? [] : ["augmented-bug", "amortised"]) {
      const value = ratio(of(`blas ${WIDE} ${form}`), of(`blas ${WIDE} dense`));
      const what = `blas ${form} step at rank ${RANK} / our dense step, ${WIDE} wide`;
      aims.push({ what, value, limit: LOW_RANK_AIM });
    }
    return {
      sections: [{ title: "seconds per step", figures: inSeconds(timings) }],
      aims,
      notes: [...notes, ...(python === undefined ? [`PyTorch: ${reason}`] : [])],
    };
  },
};

export default await registered(bench);
