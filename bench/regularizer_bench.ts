import { type Engine, openEngine } from "../core/mod.ts";
import { measure, timed, type Timing, type Variant } from "./harness.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/bench.ts";
import { inSeconds } from "./support/fastest.ts";
import { type Coupling, regularizedTraining } from "./workloads/regularized.ts";

const INTEGRATORS = ["augmented-bug", "geolora", "bug"];
const RANK = 32;

/** The step without regularizer, and both ways to have one. */
const WAYS: Readonly<Record<string, Coupling>> = {
  "": undefined,
  " + split": "split",
  " + field": "field",
};

/** The regularizer's own step without the training step. */
const ALONE = ": split alone";

/** What the spectral regularizer adds to a rank-32 step, all in one interleaved run. */
const bench: Bench = {
  name: "regularizer",
  description: "what the spectral regularizer adds to a training step, rank 32, batch 256",
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, ["blas", "wasm"]);
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

async function variantsOn(engine: Engine): Promise<Variant[]> {
  const variants: Variant[] = [];
  for (const integrator of INTEGRATORS) {
    for (const [suffix, coupling] of Object.entries(WAYS)) {
      const work = await regularizedTraining(engine, integrator, RANK, coupling);
      variants.push(timed(`${integrator}${suffix}`, () => work.step()));
      if (coupling === "split") {
        variants.push(timed(`${integrator}${ALONE}`, () => work.alone()));
      }
    }
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

export default bench;
