import { logLogSlope } from "../core/mod.ts";
import { formatPercent, simdSweep } from "../tasks/mod.ts";
import { measure, timed, type Variant } from "./harness.ts";
import { besideCompiled } from "./peers/compiler.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { inSeconds, ratio } from "./support/fastest.ts";
import { registered } from "./support/pieces.ts";
import type { Worker } from "./support/worker_client.ts";
import { closingChecksum, type ClosureSize, makeClosing } from "./workloads/closure.ts";
import { settledLattice } from "./workloads/low_rank_transport.ts";
import { type Growth, GROWTHS } from "./workloads/transport_growth.ts";
import { makeSweep, sweepChecksum, type SweepSize, sweepStep } from "./workloads/sweep.ts";

/** The lattice benchmark at two numbers of directions, by order. */
const SIZES: readonly SweepSize[] = [[1, 140, 144], [2, 140, 144], [1, 140, 400], [2, 140, 400]];
/** That which is quick, for `deno bench`. */
const SMALL: readonly SweepSize[] = [[1, 70, 64], [2, 70, 64]];
/** Nanoseconds per cell, direction and step that a thread should take at most, by order. */
const LIMITS = { 1: 6, 2: 25 } as const;
/** Orders of tessellations, 4 order² directions, at which low rank is held against the sweep. */
const TESSELLATED = [6, 16, 32];
/** Cells along each axis there. */
const LOW_RANK_CELLS = 70;
const PEER = "C, one thread";
/** A copy of ψ from one place to another: what memory gives without arithmetic. */
const COPY = "copy of ψ";
/** Numbers that a step reads and writes of each cell and direction, by order; a copy has 2. */
const MOVED = { 1: 2, 2: 5 } as const;
/** What fitted powers may be above those that are expected: larger sizes leave caches. */
const SLACK = 0.25;
/** One, and as many as there are cores. */
const THREADS = [...new Set([1, navigator.hardwareConcurrency])];

/** Entropy closures in the plane: N of M_N, cells, directions. */
const CLOSURES: readonly ClosureSize[] = [[1, 400, 64], [2, 400, 64], [3, 400, 64]];

/** Steps of discrete ordinates, against the same update in C. */
const bench: Bench = {
  name: "kinetic",
  description:
    "steps of discrete ordinates, entropy closures by Newton; the same in C; low rank; growth",
  pieces: () =>
    Promise.resolve({
      pieces: SMALL.map((size) => ({
        group: titleOf(size),
        name: `${simdSweep.name} step of order ${size[0]}`,
        start: () => ({ step: stepping(size, 1, new DisposableStack()) }),
      })),
      notes: [],
    }),
  async run(options) {
    const sweeps = await besideCompiled("sweep.c", PEER, (peer) => runAll(peer, options));
    const closures = await besideCompiled("newton.c", PEER, (peer) => runClosures(peer, options));
    const growths = await runGrowths(options);
    return {
      sections: [...sweeps.sections, ...growths.sections, ...closures.sections],
      aims: [...sweeps.aims, ...growths.aims, ...closures.aims],
      notes: [...new Set([...sweeps.notes, ...closures.notes])],
    };
  },
};

const titleOf = ([order, cells, directions]: SweepSize): string =>
  `order ${order}, ${cells}×${cells} cells, ${directions} directions`;

const nameOf = (threads: number): string =>
  `${simdSweep.name}, ${threads === 1 ? "1 thread" : `${threads} threads`}`;

/** A step to be repeated; its threads end with the stack. */
function stepping(size: SweepSize, threads: number, stack: DisposableStack): () => void {
  const kernel = makeSweep(simdSweep, size, threads);
  stack.defer(() => kernel.close?.());
  let number = 0;
  return () => sweepStep(kernel, size[0], number++);
}

/** Copies as many numbers as ψ has. */
function copying(count: number): Variant {
  const [from, to] = [new Float64Array(count).fill(1), new Float64Array(count)];
  return timed(COPY, () => to.set(from));
}

/** How steps cost more as one size grows, fitted. */
async function runGrowths(
  options: BenchOptions,
): Promise<Pick<BenchResult, "sections" | "aims">> {
  const sections: Section[] = [];
  const aims: Aim[] = [];
  for (const growth of GROWTHS) {
    const [section, exponent] = await growthSection(growth, options);
    sections.push(section);
    const what = `${growth.step}: exponent of ${growth.of}, fitted`;
    aims.push({ what, value: exponent, limit: growth.power + SLACK });
  }
  return { sections, aims };
}

async function growthSection(
  { step, of, sizes, variant }: Growth,
  options: BenchOptions,
): Promise<[section: Section, exponent: number]> {
  const variants = await Promise.all(sizes.map(variant));
  const timings = await measure(variants, options.measure);
  const medians = variants.map(({ name }) => timings.get(name)!.median);
  const exponent = logLogSlope(sizes, medians);
  return [{ title: `${step}, by ${of}`, figures: inSeconds(timings) }, exponent];
}

async function runAll(
  peer: Worker | undefined,
  options: BenchOptions,
): Promise<Pick<BenchResult, "sections" | "aims">> {
  const sections: Section[] = [];
  const aims: Aim[] = [];
  for (const size of SIZES) {
    const [order, cells, directions] = size;
    const request = `order ${order} ${cells} ${directions}`;
    if (peer) await checkPeer(peer, request, sweepChecksum(simdSweep, size));
    using stack = new DisposableStack();
    const own = THREADS.map((threads): Variant =>
      timed(nameOf(threads), stepping(size, threads, stack))
    );
    const updates = cells * cells * directions;
    const all = [...own, ...(peer ? [peer.variant(PEER, request)] : []), copying(updates)];
    const timings = await measure(all, options.measure);
    const nanoseconds = (seconds: number): number => 1e9 * seconds / updates;
    const copied = timings.get(COPY)!.median;
    const cost = (name: string): Record<string, string> => {
      const { median } = timings.get(name)!;
      const moved = name === COPY ? MOVED[1] : MOVED[order];
      return {
        "ns/cell/direction": nanoseconds(median).toFixed(2),
        "GB/s": (8e-9 * moved * updates / median).toFixed(1),
        "of copy": formatPercent(moved / MOVED[1] * copied / median, 0),
      };
    };
    sections.push({
      title: titleOf(size),
      figures: inSeconds(timings),
      ...(peer && { reference: PEER }),
      extra: Object.fromEntries([...timings.keys()].map((name) => [name, cost(name)])),
    });
    const alone = timings.get(nameOf(1))!.median;
    aims.push(
      {
        what: `${titleOf(size)}: ns per cell, direction and step, 1 thread`,
        value: nanoseconds(alone),
        limit: LIMITS[order],
      },
      {
        what: `${titleOf(size)}: time of a step, 1 thread, against ${PEER}`,
        value: ratio(alone, timings.get(PEER)?.median),
        limit: 2,
      },
    );
  }
  for (const order of TESSELLATED) sections.push(await lowRankSection(order, options));
  return { sections, aims };
}

/** A step of the lattice in low rank against one of the sweep, both of order 1 on one thread. */
async function lowRankSection(order: number, options: BenchOptions): Promise<Section> {
  const solver = await settledLattice(LOW_RANK_CELLS, order);
  const directions = 4 * order * order;
  using stack = new DisposableStack();
  const size: SweepSize = [1, LOW_RANK_CELLS, directions];
  const sweep = timed("sweep", stepping(size, 1, stack));
  const name = `low rank, rank ${solver.y.s.rows}`;
  const lowRank: Variant = {
    name,
    async run(count) {
      const begin = performance.now();
      for (let n = 0; n < count; n++) await solver.step(0);
      return (performance.now() - begin) / 1000;
    },
  };
  const timings = await measure([sweep, lowRank], options.measure);
  const held = { [sweep.name]: LOW_RANK_CELLS ** 2 * directions, [name]: solver.size };
  return {
    title: `lattice, ${LOW_RANK_CELLS}×${LOW_RANK_CELLS} cells, ${directions} directions, order 1`,
    figures: inSeconds(timings),
    reference: sweep.name,
    extra: Object.fromEntries(
      Object.entries(held).map(([key, count]) => [key, { "numbers held": String(count) }]),
    ),
  };
}

/** The entropy closure of all cells by Newton's method, from no multipliers. */
async function runClosures(
  peer: Worker | undefined,
  options: BenchOptions,
): Promise<Pick<BenchResult, "sections" | "aims">> {
  const sections: Section[] = [];
  for (const size of CLOSURES) {
    const [degree, cells, directions] = size;
    const request = `newton ${degree} ${cells} ${directions}`;
    const closing = makeClosing(size);
    if (peer) await checkPeer(peer, request, closingChecksum(closing, size), 1e-9);
    const own = timed("TypeScript, 1 thread", () => void closing.close());
    const timings = await measure(
      peer ? [own, peer.variant(PEER, request)] : [own],
      options.measure,
    );
    const perCell = (name: string): string => (1e6 * timings.get(name)!.median / cells).toFixed(2);
    sections.push({
      title: `M_${degree} by Newton, ${cells} cells, ${directions} directions`,
      figures: inSeconds(timings),
      ...(peer && { reference: PEER }),
      extra: Object.fromEntries(
        [...timings.keys()].map((name) => [name, { "µs per cell": perCell(name) }]),
      ),
    });
  }
  return { sections, aims: [] };
}

/** @throws {Error} When the peer does not compute what we do. */
async function checkPeer(
  peer: Worker,
  workload: string,
  ours: number,
  rounding = 1e-12,
): Promise<void> {
  const theirs = Number((await peer.ask({ workload, steps: 1 })).checksum);
  if (Math.abs(theirs / ours - 1) < rounding) return;
  throw new Error(
    `Cannot compare with ${PEER}: expected a step with checksum ${ours}, got ${theirs}`,
  );
}

export default await registered(bench);
