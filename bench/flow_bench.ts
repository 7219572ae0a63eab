import {
  channel,
  circle,
  type FlowKernel,
  type FlowKernelKind,
  flowKernels,
  FlowSolver,
  grid,
  simdKernel,
} from "../tasks/mod.ts";
import { measure, timed, type Variant } from "./harness.ts";
import { besideCompiled } from "./peers/compiler.ts";
import type {
  Aim,
  Bench,
  BenchOptions,
  BenchResult,
  Piece,
  Section,
} from "./support/definition.ts";
import { inSeconds, ratio } from "./support/fastest.ts";
import { registered } from "./support/pieces.ts";
import type { Worker } from "./support/worker_client.ts";
import { checksum, makeKernel } from "./workloads/flow.ts";

/** Lattices: that of the recipe `shape`, and the finest of the recipe `flow`. */
const SIZES = [[226, 66], [702, 131]] as const;
const PEER = "C, one thread";

/** Steps of the flow solver and their adjoints, against the same update in C. */
const bench: Bench = {
  name: "flow",
  description: "lattice Boltzmann steps and their adjoints in float64; the same update in C",
  pieces: () => Promise.resolve({ pieces: onOneThread(...SIZES[0]), notes: [] }),
  run: (options) => besideCompiled("lbm.c", PEER, (peer) => runAll(peer, options)),
};

/** What there is without other threads and without peers; it lives as long as the process. */
function onOneThread(nx: number, ny: number): Piece[] {
  const fastest = [stepName(simdKernel, 1), adjointName(simdKernel, 1)];
  return worksOf(nx, ny, [1], new DisposableStack()).map(({ pass, name, start }) => ({
    group: `${pass} of ${nx}×${ny} cells`,
    name,
    baseline: fastest.includes(name),
    start: () => ({ step: start() }),
  }));
}

async function runAll(
  peer: Worker | undefined,
  options: BenchOptions,
): Promise<Pick<BenchResult, "sections" | "aims">> {
  const sections: Section[] = [];
  const aims: Aim[] = [];
  for (const [nx, ny] of SIZES) {
    if (peer) await checkPeer(peer, nx, ny);
    using stack = new DisposableStack();
    const timings = await measure(variants(peer, nx, ny, stack), options.measure);
    const speed = (name: string): Record<string, string> => ({
      "million cells/s": (nx * ny / timings.get(name)!.median / 1e6).toFixed(0),
    });
    sections.push({
      title: `${nx}×${ny} cells`,
      figures: inSeconds(timings),
      ...(peer && { reference: PEER }),
      extra: Object.fromEntries([...timings.keys()].map((name) => [name, speed(name)])),
    });
    aims.push(...THREADS.map((threads) => ({
      what: `${nx}×${ny}: time of a step, ${inWords(threads)}, against ${PEER}`,
      value: ratio(timings.get(stepName(simdKernel, threads))!.median, timings.get(PEER)?.median),
      limit: 2,
    })));
  }
  return { sections, aims };
}

/** One, and as many as there are cores. */
const THREADS = [...new Set([1, navigator.hardwareConcurrency])];

const inWords = (threads: number): string => threads === 1 ? "1 thread" : `${threads} threads`;
const stepName = (kind: FlowKernelKind, threads: number): string =>
  `${kind.name} step, ${inWords(threads)}`;
const adjointName = (kind: FlowKernelKind, threads: number): string =>
  `${kind.name} adjoint, ${inWords(threads)}`;

/** Something to measure. */
interface Work {
  /** Direction in time: works of one direction are alike. */
  readonly pass: "step" | "adjoint";
  readonly name: string;
  /** Makes it ready; what it returns does it once. */
  start(): () => void;
}

function variants(
  peer: Worker | undefined,
  nx: number,
  ny: number,
  stack: DisposableStack,
): Variant[] {
  const all = worksOf(nx, ny, THREADS, stack).map(({ name, start }) => timed(name, start()));
  return peer ? [...all, peer.variant(PEER, `step ${nx} ${ny}`)] : all;
}

/** Every kernel and the whole solver, the kernels first. */
function worksOf(
  nx: number,
  ny: number,
  threadCounts: readonly number[],
  stack: DisposableStack,
): Work[] {
  const kernels = flowKernels.list().flatMap((kind) =>
    (kind === simdKernel ? threadCounts : [1]).flatMap((threads) =>
      kernelWorks(kind, nx, ny, threads, stack)
    )
  );
  return [...kernels, ...threadCounts.flatMap((threads) => wholeWorks(nx, ny, threads, stack))];
}

function kernelWorks(
  kind: FlowKernelKind,
  nx: number,
  ny: number,
  threads: number,
  stack: DisposableStack,
): Work[] {
  const kernel = once((): FlowKernel => {
    const made = makeKernel(kind, grid(nx, ny), threads);
    stack.defer(() => made.close?.());
    return made;
  });
  let now = 0;
  const step = (): void => {
    kernel().step(now, 1 - now);
    now = 1 - now;
  };
  const adjoint = (): void => kernel().adjoint(0, 2, 3);
  return [
    { pass: "step", name: stepName(kind, threads), start: () => settled(threads, step) },
    { pass: "adjoint", name: adjointName(kind, threads), start: () => settled(threads, adjoint) },
  ];
}

/** Makes something when it is first asked for. */
function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}

/** Milliseconds in which threads start and kernels find out whether they help. */
const SETTLING = 600;

function settled(threads: number, work: () => void): () => void {
  if (threads > 1) {
    for (const end = performance.now() + SETTLING; performance.now() < end;) {
      work();
    }
  }
  return work;
}

/** A step with frame, body and forces, and one back, in a channel of about that size. */
function wholeWorks(nx: number, ny: number, threads: number, stack: DisposableStack): Work[] {
  const resolution = ny / 4.1;
  const length = nx / resolution;
  const solver = once((): FlowSolver => {
    const size = channel({ resolution, length });
    const made = stack.use(new FlowSolver(size, circle, simdKernel, threads));
    made.loadInflow();
    made.beginAdjoint();
    return made;
  });
  const step = (): void => void solver().step();
  const back = (): void => solver().stepBack(solver().state, { drag: 1, lift: 1 });
  return [
    {
      pass: "step",
      name: `whole step, ${inWords(threads)}`,
      start: () => settled(threads, step),
    },
    {
      pass: "adjoint",
      name: `whole step back, ${inWords(threads)}`,
      start: () => settled(threads, back),
    },
  ];
}

/** @throws {Error} When the peer does not compute what we do. */
async function checkPeer(peer: Worker, nx: number, ny: number): Promise<void> {
  const theirs = Number((await peer.ask({ workload: `step ${nx} ${ny}`, steps: 1 })).checksum);
  const ours = checksum(simdKernel, nx, ny);
  if (Math.abs(theirs / ours - 1) < 1e-12) return;
  throw new Error(
    `Cannot compare with ${PEER}: expected a step with checksum ${ours}, got ${theirs}`,
  );
}

export default await registered(bench);
