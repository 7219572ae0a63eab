import { type Engine, openEngine } from "../core/mod.ts";
import { measure, timed, type Variant } from "./harness.ts";
import { usableBackends } from "./support/backends.ts";
import type { Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { inSeconds } from "./support/fastest.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";
import { makeWorkload } from "./workloads/mod.ts";

const BACKENDS = ["blas", "wasm"];

/** The rules at rank 64, between and in the steps in which they look for subspaces. */
const RULES: Readonly<Record<string, string>> = {
  adam: "adam",
  adafactor: "adafactor",
  "apollo-mini": "apollo-mini",
  "apollo": "apollo:rank=64",
  "galore between choices": "galore:rank=64,every=1000000",
  "fira between choices": "fira:rank=64,every=1000000",
  "mofasgd": "mofasgd:rank=64",
  "muon": "muon",
};

/** What takes seconds on large matrices. */
const DECOMPOSING: Readonly<Record<string, string>> = {
  "galore with its choice": "galore:rank=64,every=1",
  "soap between turns": "soap:every=1000000",
  "soap with its turn": "soap:every=1",
  "shampoo with its roots": "shampoo:every=1",
};

const SIZES: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  512: { ...RULES, ...DECOMPOSING },
  2048: RULES,
};

/** One update of a square matrix by each optimizer rule, beside Adam. */
const bench: Bench = {
  name: "rules",
  description: "one update of a square matrix by each optimizer rule, rank 64, beside Adam",
  pieces: () => {
    const tables = Object.entries(SIZES).map((
      [size, rules],
    ) => [`${size}×${size}`, works(size, rules)]);
    return onBackends(BACKENDS, Object.fromEntries(tables), { repetitions: FEW, heavy: true });
  },
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    const sections: Section[] = [];
    for (const name of names) {
      const { engine } = await openEngine(name);
      for (const [size, rules] of Object.entries(SIZES)) {
        const timings = await measure(
          await variantsOn(engine, works(size, rules)),
          options.measure,
        );
        const title = `${size}×${size} on ${name}`;
        sections.push({ title, figures: inSeconds(timings), reference: "adam" });
      }
    }
    return { sections, aims: [], notes };
  },
};

/** Workloads by the name in the table. */
function works(size: string, rules: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rules).map(([label, words]) => [label, `rule ${size} ${words}`]),
  );
}

async function variantsOn(engine: Engine, table: Record<string, string>): Promise<Variant[]> {
  const variants: Variant[] = [];
  for (const [label, words] of Object.entries(table)) {
    const work = await makeWorkload(engine, words);
    variants.push(timed(label, () => work.step()));
  }
  return variants;
}

export default await registered(bench);
