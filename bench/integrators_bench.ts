import { measure, type Timing } from "./harness.ts";
import { addAmortised } from "./support/amortised.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { inSeconds } from "./support/fastest.ts";
import { startOwn, threadCounts } from "./support/own_worker.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";

const INTEGRATORS = ["augmented-bug", "geolora", "bug"];

/**
 * What a step is compared with: one pass, whose backward part derives in S and leaves the pairs
 * for U and V; and plain descent, whose backward part derives in all factors and updates them.
 */
const BASES = ["forward and backward", "SGD on the factors"] as const;

/** Workloads by the name in the table. */
const WORKS: Readonly<Record<string, string>> = {
  [BASES[0]]: "pass augmented-bug 32",
  [BASES[1]]: "factors 2 32",
  ...Object.fromEntries(INTEGRATORS.map((name) => [name, `train ${name} 32`])),
  "held bases": "train held 32",
};

const BACKENDS = ["blas", "wasm"];

/** Share of a rank-32 step that the integrator spends beyond its forward and backward passes. */
const bench: Bench = {
  name: "integrators",
  description: "what an integrator adds to forward and backward, rank 32, batch 256",
  pieces: () => onBackends(BACKENDS, { "rank-32 step": WORKS }, { repetitions: FEW }),
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    const sections: Section[] = [];
    const aims: Aim[] = [];
    for (const name of names) {
      for (const threads of name === "blas" ? threadCounts() : [undefined]) {
        const label = threads === undefined ? name : `${name} ${threads}t`;
        const timings = await timingsOf(name, threads, options);
        sections.push({
          title: `rank-32 step on ${label}`,
          figures: inSeconds(timings),
          extra: overheads(timings),
        });
        aims.push({
          what: `${label}, amortised step beyond ${BASES[0]}`,
          value: share(timings, "amortised", BASES[0]),
          limit: 0.35,
        });
        for (const base of BASES) {
          aims.push({
            what: `${label}, adaptive step beyond ${base}`,
            value: share(timings, "augmented-bug", base),
            limit: 0.35,
          });
        }
      }
    }
    return { sections, aims, notes };
  },
};

async function timingsOf(
  backend: string,
  threads: number | undefined,
  options: BenchOptions,
): Promise<Map<string, Timing>> {
  await using worker = await startOwn(backend, threads);
  const timings = await measure(
    Object.entries(WORKS).map(([label, work]) => worker.variant(label, work)),
    options.measure,
  );
  addAmortised(timings, "amortised", "augmented-bug", "held bases");
  return timings;
}

/** 1 − base / step: what the integrator adds, as a share of its step. */
function share(timings: ReadonlyMap<string, Timing>, integrator: string, base: string): number {
  return 1 - timings.get(base)!.median / timings.get(integrator)!.median;
}

/** Shares of the integrators that take one pass; a second pass would count as their overhead. */
function overheads(timings: ReadonlyMap<string, Timing>): Section["extra"] & object {
  const single = [...INTEGRATORS.filter((name) => name !== "bug"), "held bases", "amortised"];
  const percent = (name: string, base: string): string =>
    `${(100 * share(timings, name, base)).toFixed(0)} %`;
  return Object.fromEntries(single.map((name) => [name, {
    "beyond pass": percent(name, BASES[0]),
    "beyond SGD": percent(name, BASES[1]),
  }]));
}

export default await registered(bench);
