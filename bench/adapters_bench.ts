import { adapters } from "../core/mod.ts";
import { measure, type Timing, type Variant } from "./harness.ts";
import { findPyTorch, startPyTorch } from "./peers/mod.ts";
import { addMean } from "./support/amortised.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { inSeconds, ratio } from "./support/fastest.ts";
import { startOwn } from "./support/own_worker.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";
import type { Worker } from "./support/worker_client.ts";

const BACKENDS = ["blas", "wasm"];

/** Inputs × outputs. */
const SHAPES = ["768 768", "768 3072"] as const;

const RANKS = [8, 64] as const;

/** Threads on both sides. */
const THREADS = Math.min(2, navigator.hardwareConcurrency);

/** What the others are compared with. */
const LORA = "lora";

/** Steps of the integrator, of cores in bases that it has grown, and of cores after truncation. */
const [REFRESH, GROWN, CORES] = ["geolora, refresh", "geolora, grown cores", "geolora, cores"];

/** Steps of each kind in the published cycle, of ten: truncation is at three quarters. */
const GEOLORA = { [REFRESH]: 1, [GROWN]: 7, [CORES]: 2 };

/**
 * What a cycle of GeoLoRA may take, on the average, of LoRA's time and of AdaLoRA's. The product with
 * W₀ is in all of them: counted in products, a cycle is 1.00 to 1.10 of LoRA's step on these shapes,
 * and 0.84 to 0.99 of AdaLoRA's at one and a half times the rank. What is below that is AdaLoRA's
 * scores and masks, so that its aim is out of reach where the product with W₀ is most of a step.
 */
const [LORA_AIM, ADALORA_AIM] = [1.1, 0.6];

/** What LoRA may take of the peer's time. */
const PEER_AIM = 1.2;

/** Settings of adapters for which `rank=r` alone would not do. */
const SETTINGS: Readonly<Record<string, (rank: number) => string>> = {
  adalora: (rank) => `rank=${1.5 * rank},target=${rank}`,
};

/** Workloads of all adapters by the name in the table, LoRA first. */
function worksOf(shape: string, rank: number): Record<string, string> {
  const others = adapters.list().filter(({ name }) => name !== LORA && name !== "geolora");
  const works: Record<string, string> = {};
  for (const { name, defaults = {} } of [adapters.get(LORA), ...others]) {
    const settings = SETTINGS[name]?.(rank) ?? ("rank" in defaults ? `rank=${rank}` : "");
    works[name] = `adapter ${shape} ${name}${settings && `:${settings}`}`;
  }
  const kept = `rank=${rank},minRank=${rank},maxRank=${rank}`;
  works[REFRESH] = `adapter ${shape} geolora:${kept},steps=1`;
  // The first step has grown the bases.
  works[GROWN] = `adapter ${shape} geolora:${kept},steps=1000000`;
  works[CORES] = `adapter ${shape} geolora:${kept},last=1`;
  return works;
}

const tables = SHAPES.flatMap((shape) =>
  RANKS.map((rank) => ({ title: `${shape.replace(" ", "×")}, rank ${rank}`, shape, rank }))
);

/** A training step and the state of every adapter, beside LoRA in PyTorch. */
const bench: Bench = {
  name: "adapters",
  description:
    "a training step and numbers of state of every adapter on 256 rows; PyTorch's LoRA, by peft",
  pieces: () => {
    const works = tables.map(({ title, shape, rank }) => [title, worksOf(shape, rank)]);
    return onBackends(BACKENDS, Object.fromEntries(works), { repetitions: FEW, heavy: true });
  },
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    await using stack = new AsyncDisposableStack();
    const { python, reason } = await findPyTorch();
    const peer = python === undefined
      ? undefined
      : stack.use(await startPyTorch(python, THREADS, "torch_adapters.py"));
    const [sections, aims]: [Section[], Aim[]] = [[], []];
    for (const backend of names) {
      const worker = stack.use(await startOwn(backend, THREADS));
      for (const { title, shape, rank } of options.quick ? tables.slice(0, 1) : tables) {
        const works = worksOf(shape, rank);
        const variants: Variant[] = Object.entries(works)
          .map(([label, work]) => worker.variant(label, work));
        if (peer) variants.push(peer.variant("torch lora", `adapter torch ${shape} ${rank}`));
        const timings = await measure(variants, options.measure);
        addMean(timings, "geolora", GEOLORA);
        const extra = await numbersOf(worker, works);
        const heading = `${title} on ${backend}`;
        sections.push({ title: heading, figures: inSeconds(timings), reference: LORA, extra });
        aims.push(...aimsOf(heading, timings));
      }
    }
    return {
      sections,
      aims,
      notes: [...notes, ...(python === undefined ? [`PyTorch: ${reason}`] : [])],
    };
  },
};

/** Numbers of state of each adapter, as a column. */
async function numbersOf(
  worker: Worker,
  works: Readonly<Record<string, string>>,
): Promise<Record<string, Record<string, string>>> {
  const column: Record<string, Record<string, string>> = {};
  for (const [label, workload] of Object.entries(works)) {
    const { numbers } = await worker.ask({ workload, steps: 0 });
    column[label] = { numbers: Number(numbers).toLocaleString("en") };
  }
  return column;
}

function aimsOf(heading: string, timings: ReadonlyMap<string, Timing>): Aim[] {
  const of = (name: string) => timings.get(name)?.median;
  const aim = (a: string, b: string, limit: number): Aim => ({
    what: `${a} / ${b}, ${heading}`,
    value: ratio(of(a), of(b)),
    limit,
  });
  return [
    aim("geolora", LORA, LORA_AIM),
    aim("geolora", "adalora", ADALORA_AIM),
    aim(LORA, "torch lora", PEER_AIM),
  ];
}

export default await registered(bench);
