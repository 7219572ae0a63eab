import { measure, type Timing } from "./harness.ts";
import { findPyTorch, startPyTorch } from "./peers/mod.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { inSeconds, ratio } from "./support/fastest.ts";
import { startOwn } from "./support/own_worker.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";
import { formatFigure } from "./support/print.ts";

const BACKENDS = ["blas", "wasm"];

/** The rules at rank 64, between and in the steps in which they look for subspaces. */
const RULES: Readonly<Record<string, string>> = {
  adam: "adam",
  adafactor: "adafactor",
  "apollo-mini": "apollo-mini",
  "apollo": "apollo:rank=64",
  "galore between choices": "galore:rank=64,every=1000000",
  "galore with a power step": "galore:rank=64,every=1,choice=power",
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

/** PyTorch's own Muon, which multiplies in bfloat16: shown beside the one in float32. */
const BFLOAT16 = "muon-bfloat16";

/** Rules that PyTorch has, or that its script writes out, by our names. */
const PEERS: Readonly<Record<string, string>> = {
  "adam": "adam",
  "adafactor": "adafactor",
  "muon": "muon",
  "galore between choices": "galore",
  "galore with its choice": "galore-choice",
};

const SIZES: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  512: { ...RULES, ...DECOMPOSING },
  2048: RULES,
};

/** Threads on both sides. */
const THREADS = 1;

/** One update of a square matrix by each optimizer rule, beside Adam and PyTorch's. */
const bench: Bench = {
  name: "rules",
  description: "one update of a square matrix by each optimizer rule, rank 64, beside PyTorch's",
  pieces: () => {
    const tables = Object.entries(SIZES).map((
      [size, rules],
    ) => [`${size}×${size}`, works(size, rules)]);
    return onBackends(BACKENDS, Object.fromEntries(tables), { repetitions: FEW, heavy: true });
  },
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    await using stack = new AsyncDisposableStack();
    const { python, reason } = await findPyTorch();
    const left = python === undefined ? [`PyTorch: ${reason}`] : [];
    const peer = python === undefined
      ? undefined
      : stack.use(await startPyTorch(python, THREADS, "torch_rules.py"));
    const sections: Section[] = [];
    const aims: Aim[] = [];
    for (const name of names) {
      const worker = stack.use(await startOwn(name, THREADS));
      for (const [size, rules] of Object.entries(SIZES)) {
        const ours = Object.entries(works(size, rules))
          .map(([label, work]) => worker.variant(label, work));
        const theirs = Object.entries(peer ? PEERS : {})
          .filter(([label]) => label in rules)
          .map(([label, work]) => peer!.variant(torch(label), `${work} ${size}`));
        const half = peer ? [peer.variant(torch(BFLOAT16), `${BFLOAT16} ${size}`)] : [];
        const timings = await measure([...ours, ...theirs, ...half], options.measure);
        const title = `${size}×${size} on ${name}, ${THREADS} thread`;
        sections.push(sectionOf(title, timings));
        if (name === BACKENDS[0]) aims.push(...aimsOf(size, timings));
      }
    }
    return { sections, aims, notes: [...notes, ...left] };
  },
};

const torch = (label: string): string => `torch ${label}`;

/** Seconds of ours beside PyTorch's for the same, where it has it. */
function sectionOf(title: string, timings: ReadonlyMap<string, Timing>): Section {
  const own = new Map([...timings].filter(([label]) => !label.startsWith(torch(""))));
  const extra = Object.fromEntries(
    [...own].flatMap(([label, { median }]) => {
      const peer = timings.get(torch(label))?.median;
      const half = label === "muon" ? timings.get(torch(BFLOAT16))?.median : undefined;
      const columns = peer && {
        PyTorch: formatFigure(peer, "s"),
        "/PyTorch": `${(median / peer).toFixed(2)}x`,
        ...(half ? { "its bfloat16": formatFigure(half, "s") } : {}),
      };
      return columns ? [[label, columns]] : [];
    }),
  );
  return { title, figures: inSeconds(own), reference: "adam", extra };
}

/** Each rule beside PyTorch's. */
function aimsOf(size: string, timings: ReadonlyMap<string, Timing>): Aim[] {
  return Object.keys(PEERS).flatMap((label) => {
    const value = ratio(timings.get(label)?.median, timings.get(torch(label))?.median);
    return value === undefined
      ? []
      : [{ what: `${size}×${size} ${label} / PyTorch`, value, limit: 1.2 }];
  });
}

/** Workloads by the name in the table. */
function works(size: string, rules: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rules).map(([label, words]) => [label, `rule ${size} ${words}`]),
  );
}

export default await registered(bench);
