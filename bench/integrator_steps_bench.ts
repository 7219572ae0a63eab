import { integrators } from "../core/mod.ts";
import { measure, type MeasureOptions, type Timing } from "./harness.ts";
import { usableBackends } from "./support/backends.ts";
import type {
  Aim,
  Bench,
  BenchOptions,
  BenchResult,
  Pieces,
  Section,
} from "./support/definition.ts";
import { inSeconds } from "./support/fastest.ts";
import { beside, factorisationWorks, QR, SVD } from "./support/beside_lapack.ts";
import { startOwn } from "./support/own_worker.ts";
import { FEW, onBackends, registered, type Works } from "./support/pieces.ts";
import type { Worker } from "./support/worker_client.ts";

/** Extents of the square matrices. */
const SIZES = [500, 4096] as const;
const RANKS = [16, 32, 64, 128] as const;

/** One step takes up to seconds: a few rounds show all there is. */
const MAX_ROUNDS = 5;

/** What a factorisation may take of LAPACK's time. */
const AIM = 1.2;

const BACKENDS = ["blas", "wasm"];

const stepWork = (integrator: string, n: number, rank: number): string =>
  `integrate ${integrator} ${n} ${n} ${rank}`;

/** Cost of one step beyond the field, by size and rank; factorisations beside LAPACK's own. */
const bench: Bench = {
  name: "integrator-steps",
  description: "one step of every integrator beyond the field, by size and rank; QR and SVD",
  pieces: smallest,
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    const ranks = options.quick ? [16, 64] : RANKS;
    const rounds = Math.min(MAX_ROUNDS, options.measure.rounds ?? MAX_ROUNDS);
    const sections: Section[] = [];
    const aims: Aim[] = [];
    for (const name of names) {
      await using worker = await startOwn(name);
      const steps = await stepSections(worker, name, ranks, { ...options.measure, rounds });
      sections.push(...steps.sections);
      aims.push(steps.aim);
    }
    if (names.includes("blas")) {
      await using worker = await startOwn("blas", 1);
      for (const { section, aim } of await factorisations(worker, ranks, options.measure)) {
        sections.push(section);
        aims.push(aim);
      }
    }
    return { sections, aims, notes };
  },
};

/** Steps of the smaller size at the lowest rank, and the factorisations in them. */
async function smallest(): Promise<Pieces> {
  const [n, rank] = [SIZES[0], RANKS[0]];
  const steps = integrators.names().map((name) => [name, stepWork(name, n, rank)]);
  const title = `step of ${n}×${n}, rank ${rank}`;
  const all = await onBackends(BACKENDS, { [title]: Object.fromEntries(steps) }, {
    repetitions: FEW,
  });
  const { names } = await usableBackends({}, ["blas"]);
  if (names.length === 0) return all;
  const beside: Works = {
    "thin QR in float32": factorisationWorks(QR, n, rank),
    "SVD in float64": factorisationWorks(SVD, 2 * rank, 2 * rank),
  };
  return { ...all, pieces: [...all.pieces, ...(await onBackends(names, beside)).pieces] };
}

/**
 * A table for each rank, both sizes measured in turns, and the worst growth with the size. The growth
 * with the rank is from one table to the next, at the larger size.
 */
async function stepSections(
  worker: Worker,
  backend: string,
  ranks: readonly number[],
  options: MeasureOptions,
): Promise<{ sections: Section[]; aim: Aim }> {
  const sections: Section[] = [];
  const before = new Map<string, number>();
  let worst = { exponent: -Infinity, what: "" };
  for (const [at, rank] of ranks.entries()) {
    const figures = new Map<string, Timing>();
    const extra: Record<string, Record<string, string>> = {};
    for (const integrator of integrators.names()) {
      const labels = SIZES.map((n) => `${integrator} ${n}`);
      const timings = await measure(
        SIZES.map((n, i) => worker.variant(labels[i]!, stepWork(integrator, n, rank))),
        options,
      );
      for (const [label, timing] of timings) figures.set(label, timing);
      const [small, large] = labels.map((label) => timings.get(label)!.median) as [number, number];
      const exponent = power(small, large, SIZES[1] / SIZES[0]);
      const last = before.get(integrator);
      before.set(integrator, large);
      extra[labels[1]!] = {
        "in n": `n^${exponent.toFixed(2)}`,
        ...last ? { "in r": `r^${power(last, large, rank / ranks[at - 1]!).toFixed(2)}` } : {},
      };
      if (exponent > worst.exponent) worst = { exponent, what: `${integrator}, rank ${rank}` };
    }
    sections.push({ title: `${backend}, rank ${rank}`, figures: inSeconds(figures), extra });
  }
  const what = `${backend}, exponent of n at fixed rank, largest: ${worst.what}`;
  return { sections, aim: { what, value: worst.exponent, limit: 1.1 } };
}

/** The exponent of the power law through two times, whose arguments have that ratio. */
function power(first: number, second: number, ratio: number): number {
  return Math.log(second / first) / Math.log(ratio);
}

/** Factorisations as training meets them, beside LAPACK called directly, one thread each. */
async function factorisations(
  worker: Worker,
  ranks: readonly number[],
  options: MeasureOptions,
): Promise<{ section: Section; aim: Aim }[]> {
  const shapes = ranks.flatMap((r) => SIZES.map((n): [number, number] => [n, r]));
  // Cores of augmented bases.
  const cores = ranks.map((r): [number, number] => [2 * r, 2 * r]);
  return await beside(
    worker,
    [
      { ...QR, title: "thin QR in float32", shapes },
      { ...QR, title: "basis in float32", ours: "orthonormalize", shapes },
      { ...SVD, title: "SVD in float64", shapes: cores },
      { ...SVD, title: "four SVDs at once in float64", ours: "svds", times: 4, shapes: cores },
    ],
    AIM,
    options,
  );
}

export default await registered(bench);
