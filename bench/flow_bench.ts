import { channel, circle, flowKernels, FlowSolver, grid, simdKernel } from "../tasks/mod.ts";
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
    const timings = await measure(variants(peer, nx, ny), options.measure);
    const speed = (name: string): Record<string, string> => ({
      "million cells/s": (nx * ny / timings.get(name)!.median / 1e6).toFixed(0),
    });
    sections.push({
      title: `${nx}×${ny} cells`,
      figures: inSeconds(timings),
      ...(peer && { reference: PEER }),
      extra: Object.fromEntries([...timings.keys()].map((name) => [name, speed(name)])),
    });
    aims.push({
      what: `${nx}×${ny}: time of a step against ${PEER}`,
      value: ratio(timings.get(`${simdKernel.name} step`)!.median, timings.get(PEER)?.median),
      limit: 2,
    });
  }
  return { sections, aims };
}

function variants(peer: Worker | undefined, nx: number, ny: number): Variant[] {
  const kernels = flowKernels.list().flatMap((kind): Variant[] => {
    const kernel = makeKernel(kind, grid(nx, ny));
    let now = 0;
    return [
      timed(`${kind.name} step`, () => {
        kernel.step(now, 1 - now);
        now = 1 - now;
      }),
      timed(`${kind.name} adjoint`, () => kernel.adjoint(0, 2, 3)),
    ];
  });
  const all = [...kernels, whole(nx, ny)];
  return peer ? [...all, peer.variant(PEER, `step ${nx} ${ny}`)] : all;
}

/** A step with frame, body and forces, in a channel of about that size. */
function whole(nx: number, ny: number): Variant {
  const resolution = ny / 4.1;
  const length = nx / resolution;
  const solver = new FlowSolver(channel({ resolution, length }), circle);
  solver.loadInflow();
  return timed("step with body and frame", () => solver.step());
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
