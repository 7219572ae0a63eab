import { type Engine, openEngine } from "../core/mod.ts";
import { measure, timed, type Timing, type Variant } from "./harness.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { inSeconds } from "./support/fastest.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";
import { makeWorkload } from "./workloads/mod.ts";

const INTEGRATORS = ["augmented-bug", "geolora", "bug"];
const RANK = 32;

/** The step without regularizer and both ways to have one, as workloads name them. */
const WAYS: Readonly<Record<string, string>> = {
  "": "none",
  " + split": "split",
  ": split alone": "alone",
  " + field": "field",
};

const BACKENDS = ["blas", "wasm"];

/** The regularizer's own step without the training step. */
const ALONE = ": split alone";

/** What the spectral regularizer adds to a rank-32 step, all in one interleaved run. */
const bench: Bench = {
  name: "regularizer",
  description: "what the spectral regularizer adds to a training step, rank 32, batch 256",
  pieces: () => {
    const works = INTEGRATORS.map((name) => [`rank-${RANK} ${name}`, worksOf(name)]);
    return onBackends(BACKENDS, Object.fromEntries(works), { repetitions: FEW });
  },
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    const sections: Section[] = [];
    const aims: Aim[] = [];
    for (const name of names) {
      const { engine } = await openEngine(name);
      const timings = await measure(await variantsOn(engine), options.measure);
      sections.push({ title: `rank-32 step on ${name}`, figures: inSeconds(timings) });
      for (const integrator of INTEGRATORS) aims.push(aimOf(name, integrator, timings));
    }
    return { sections, aims, notes };
  },
};

/** Workloads by the name in the table. */
function worksOf(integrator: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(WAYS).map(([suffix, way]) => [
      `${integrator}${suffix}`,
      `regularized ${integrator} ${way} ${RANK}`,
    ]),
  );
}

async function variantsOn(engine: Engine): Promise<Variant[]> {
  const variants: Variant[] = [];
  for (const [label, words] of INTEGRATORS.flatMap((name) => Object.entries(worksOf(name)))) {
    const work = await makeWorkload(engine, words);
    variants.push(timed(label, () => work.step()));
  }
  return variants;
}

function aimOf(backend: string, integrator: string, timings: ReadonlyMap<string, Timing>): Aim {
  const of = (suffix: string): number => timings.get(`${integrator}${suffix}`)!.median;
  return {
    what: `${backend}, ${integrator}: the regularizer's own step / the training step`,
    // Steadier than the difference of two long steps, which the table shows, too.
    value: of(ALONE) / of(""),
    limit: 0.05,
  };
}

export default await registered(bench);
