import {
  channel,
  circle,
  type FlowKernelKind,
  flowKernels,
  FlowSolver,
  grid,
  simdKernel,
} from "../tasks/mod.ts";
import { measure, timed, type Variant } from "./harness.ts";
import { compile, startCompiled } from "./peers/compiler.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/bench.ts";
import { inSeconds, ratio } from "./support/fastest.ts";
import type { Worker } from "./support/worker_client.ts";
import { checksum, makeKernel } from "./workloads/flow.ts";

/** Lattices: that of the recipe `shape`, and the finest of the recipe `flow`. */
const SIZES = [[226, 66], [702, 131]] as const;
const PEER = "C, one thread";

/** Steps of the flow solver and their adjoints, against the same update in C. */
const bench: Bench = {
  name: "flow",
  description: "lattice Boltzmann steps and their adjoints in float64; the same update in C",
  async run(options: BenchOptions): Promise<BenchResult> {
    const folder = await Deno.makeTempDir();
    try {
      const { program, reason } = await compile("lbm.c", folder);
      if (program === undefined) {
        const { sections, aims } = await runAll(undefined, options);
        return { sections, aims, notes: [`${PEER}: ${reason}`] };
      }
      await using peer = await startCompiled(program);
      return { ...await runAll(peer, options), notes: [] };
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

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

function variants(
  peer: Worker | undefined,
  nx: number,
  ny: number,
  stack: DisposableStack,
): Variant[] {
  const kernels = flowKernels.list().flatMap((kind) =>
    (kind === simdKernel ? THREADS : [1]).flatMap((threads) =>
      kernelVariants(kind, nx, ny, threads, stack)
    )
  );
  const all = [...kernels, ...THREADS.flatMap((threads) => whole(nx, ny, threads, stack))];
  return peer ? [...all, peer.variant(PEER, `step ${nx} ${ny}`)] : all;
}

function kernelVariants(
  kind: FlowKernelKind,
  nx: number,
  ny: number,
  threads: number,
  stack: DisposableStack,
): Variant[] {
  const kernel = makeKernel(kind, grid(nx, ny), threads);
  stack.defer(() => kernel.close?.());
  let now = 0;
  const step = (): void => {
    kernel.step(now, 1 - now);
    now = 1 - now;
  };
  const adjoint = (): void => kernel.adjoint(0, 2, 3);
  if (threads > 1) settle(step, adjoint);
  return [
    timed(stepName(kind, threads), step),
    timed(`${kind.name} adjoint, ${inWords(threads)}`, adjoint),
  ];
}

/** Milliseconds in which threads start and kernels find out whether they help. */
const SETTLING = 600;

function settle(...works: (() => void)[]): void {
  for (const work of works) {
    for (const end = performance.now() + SETTLING; performance.now() < end;) work();
  }
}

/** A step with frame, body and forces, and one back, in a channel of about that size. */
function whole(nx: number, ny: number, threads: number, stack: DisposableStack): Variant[] {
  const resolution = ny / 4.1;
  const length = nx / resolution;
  const solver = stack.use(
    new FlowSolver(channel({ resolution, length }), circle, simdKernel, threads),
  );
  solver.loadInflow();
  solver.beginAdjoint();
  const step = (): void => void solver.step();
  const back = (): void => solver.stepBack(solver.state, { drag: 1, lift: 1 });
  if (threads > 1) settle(step, back);
  return [
    timed(`whole step, ${inWords(threads)}`, step),
    timed(`whole step back, ${inWords(threads)}`, back),
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

export default bench;
