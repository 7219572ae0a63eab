import { logLogSlope } from "../core/mod.ts";
import { measure, type Variant } from "./harness.ts";
import { findPyTorch, startPyTorch } from "./peers/mod.ts";
import { addAmortised } from "./support/amortised.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { fastest, inSeconds, ratio } from "./support/fastest.ts";
import { startOwn, threadCounts } from "./support/own_worker.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";
import type { Worker } from "./support/worker_client.ts";

/** Workloads by the name in the table: ours, and the peer's for the same step. */
const OURS: Readonly<Record<string, string>> = {
  "dense": "train dense 32",
  "factors": "factors 2 32",
  "bug": "train bug 32",
  "augmented-bug": "train augmented-bug 32",
  "held bases": "train held 32",
  "geolora": "train geolora 32",
};
/** The same of a wide network, on one backend. */
const WIDE: Readonly<Record<string, string>> = {
  "wide dense": "train dense 64 5120",
  "wide augmented-bug": "train augmented-bug 64 5120",
  "wide held bases": "train held 64 5120",
};
const WIDE_BACKEND = "blas";
/** Widths over which the cost of a step at fixed rank is fitted. */
const WIDTHS = [256, 512, 1024, 2048, 4096, 8192] as const;
const PEERS: Readonly<Record<string, string>> = {
  "dense": "dense",
  "factors A Bᵀ": "factors-2",
  "factors U S Vᵀ": "factors-3",
  "three-pass": "dlrt-3-pass",
};

const BACKENDS = ["tensorflow", "webgpu", "blas", "wasm"];

/** One training step, ours beside PyTorch's, each side at each thread count. */
const bench: Bench = {
  name: "steps",
  description:
    "one training step of 784-500-500-500-500-10, batch 256, beside PyTorch; amortised: a step of the integrator and nine of the cores",
  pieces: () => onBackends(BACKENDS, { "one training step": OURS }, { repetitions: FEW }),
  async run(options: BenchOptions): Promise<BenchResult> {
    const usable = await usableBackends(options, BACKENDS);
    const notes = [...usable.notes];
    await using stack = new AsyncDisposableStack();
    const variants: Variant[] = [];
    const cycles: string[] = [];
    for (const name of usable.names) {
      for (const threads of name === "blas" ? threadCounts() : [undefined]) {
        const worker = stack.use(await startOwn(name, threads));
        const label = threads === undefined ? name : `${name} ${threads}t`;
        const wide = name === WIDE_BACKEND && threads === threadCounts().at(-1);
        for (const [step, work] of Object.entries({ ...OURS, ...wide ? WIDE : {} })) {
          variants.push(worker.variant(`${label} ${step}`, work));
        }
        cycles.push(label, ...wide ? [`${label} wide`] : []);
      }
    }
    const { python, reason } = await findPyTorch();
    if (python === undefined) notes.push(`PyTorch: ${reason}`);
    for (const threads of python === undefined ? [] : threadCounts()) {
      const worker = stack.use(await startPyTorch(python!, threads));
      for (const [step, work] of Object.entries(PEERS)) {
        variants.push(worker.variant(`torch ${threads}t ${step}`, work));
      }
    }
    const timings = await measure(variants, options.measure);
    for (const label of cycles) {
      const [refresh, held] = [`${label} augmented-bug`, `${label} held bases`];
      addAmortised(timings, `${label} amortised`, refresh, held);
    }
    const best = (side: string, ...steps: string[]): number | undefined => {
      const prefixes = ["", ...threadCounts().map((t) => `${t}t `)].map((t) => `${side} ${t}`);
      return fastest(timings, ...prefixes.flatMap((p) => steps.map((s) => p + s)));
    };
    const grown = stack.use(await startOwn(growthBackend(usable.names)));
    const growth = await growthOf(grown, options);
    const torchFactors = best("torch", "factors A Bᵀ", "factors U S Vᵀ");
    const adaptive = best("blas", "augmented-bug");
    return {
      sections: [{ title: "seconds per step", figures: inSeconds(timings) }, growth.section],
      aims: [
        growth.aim,
        {
          what: "blas dense step / PyTorch dense step",
          value: ratio(best("blas", "dense"), best("torch", "dense")),
          limit: 0.8,
        },
        {
          what: "blas rank-32 SGD step on the factors / PyTorch",
          value: ratio(best("blas", "factors"), torchFactors),
          limit: 1,
        },
        {
          what: "blas adaptive step / three-pass step in PyTorch",
          value: ratio(adaptive, best("torch", "three-pass")),
          limit: 0.5,
        },
        {
          what: "blas adaptive step / our dense step",
          value: ratio(adaptive, best("blas", "dense")),
          limit: 0.5,
        },
        ...["blas", "wasm"].map((name, i) => ({
          what: `${name} amortised step / our dense step`,
          value: ratio(best(name, "amortised"), best(name, "dense")),
          limit: [0.5, 0.35][i]!,
        })),
        {
          what: "blas amortised step / three-pass step in PyTorch",
          value: ratio(best("blas", "amortised"), best("torch", "three-pass")),
          limit: 0.35,
        },
        {
          what: "blas amortised step / dense step, width 5,120, rank 64",
          value: ratio(best("blas", "wide amortised"), best("blas", "wide dense")),
          limit: 0.15,
        },
        {
          what: "wasm dense step / blas dense step",
          value: ratio(best("wasm", "dense"), best("blas", "dense")),
          limit: 5,
        },
      ],
      notes,
    };
  },
};

/** The backend of wide networks where it is used, or else the first one. */
function growthBackend(names: readonly string[]): string {
  return names.includes(WIDE_BACKEND) ? WIDE_BACKEND : names[0]!;
}

/** A step of the integrator at rank 32 by width, and the exponent of the power law through it. */
async function growthOf(
  worker: Worker,
  { measure: options }: BenchOptions,
): Promise<{ section: Section; aim: Aim }> {
  const timings = await measure(
    WIDTHS.map((n) => worker.variant(`augmented-bug ${n}`, `train augmented-bug 32 ${n}`)),
    options,
  );
  const medians = WIDTHS.map((n) => timings.get(`augmented-bug ${n}`)!.median);
  const exponent = logLogSlope(WIDTHS, medians);
  return {
    section: { title: "seconds per step at rank 32, by width", figures: inSeconds(timings) },
    aim: {
      what: "exponent of the width in a step at rank 32, fitted",
      value: exponent,
      limit: 1.1,
    },
  };
}

export default await registered(bench);
