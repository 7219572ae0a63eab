import { measure, type Timing, type Variant } from "./harness.ts";
import { findPyTorch, startPyTorch } from "./peers/mod.ts";
import { amortised } from "./support/amortised.ts";
import { usableBackends } from "./support/backends.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { ratio } from "./support/fastest.ts";
import type { Figure } from "./support/history.ts";
import { startOwn } from "./support/own_worker.ts";
import { FEW, onBackends, registered } from "./support/pieces.ts";
import { formatFigure } from "./support/print.ts";
import type { Worker } from "./support/worker_client.ts";

/** A layer: image, inputs, outputs, kernel, stride; and how often the network has it. */
interface ConvLayer {
  readonly size: readonly [number, number, number, number, number];
  readonly count: number;
}

const layer = (count: number, ...size: [number, number, number, number, number]): ConvLayer => ({
  size,
  count,
});

/** The convolutions of both networks on 32×32 images, those that are alike counted together. */
const NETWORKS: Readonly<Record<string, readonly ConvLayer[]>> = {
  "VGG-16": [
    layer(1, 32, 3, 64, 3, 1),
    layer(1, 32, 64, 64, 3, 1),
    layer(1, 16, 64, 128, 3, 1),
    layer(1, 16, 128, 128, 3, 1),
    layer(1, 8, 128, 256, 3, 1),
    layer(2, 8, 256, 256, 3, 1),
    layer(1, 4, 256, 512, 3, 1),
    layer(2, 4, 512, 512, 3, 1),
    layer(3, 2, 512, 512, 3, 1),
  ],
  "ResNet-18": [
    layer(1, 32, 3, 64, 3, 1),
    layer(4, 32, 64, 64, 3, 1),
    layer(1, 32, 64, 128, 3, 2),
    layer(1, 32, 64, 128, 1, 2),
    layer(3, 16, 128, 128, 3, 1),
    layer(1, 16, 128, 256, 3, 2),
    layer(1, 16, 128, 256, 1, 2),
    layer(3, 8, 256, 256, 3, 1),
    layer(1, 8, 256, 512, 3, 2),
    layer(1, 8, 256, 512, 1, 2),
    layer(3, 4, 512, 512, 3, 1),
  ],
};

/** Threads on both sides. */
const THREADS = Math.min(2, navigator.hardwareConcurrency);

/** Layers read first keep their full kernels: there is nothing to compress. */
const isFirst = ({ size }: ConvLayer): boolean => size[1] === 3;

const labelOf = ({ size: [image, inputs, outputs, kernel, stride] }: ConvLayer): string =>
  `${inputs}→${outputs} ${kernel}×${kernel}${stride > 1 ? "/2" : ""} at ${image}`;

const PASSES = ["forward", "step"] as const;

/** A step by Adam, of whole networks. */
const ADAM = "adam-step";

const workOf = (words: string, pass: string, { size }: ConvLayer): string =>
  `conv ${words} ${pass} ${size.join(" ")}`;

/** Our forms of a layer, full first. */
const FORMS: Readonly<Record<string, string>> = { dense: "dense", chain: "chain" };

const BACKENDS = ["tensorflow", "webgpu", "blas"];

/** Who computes what: name of the variant without the layer, and the workload's beginning. */
interface Side {
  readonly worker: Worker;
  readonly forms: Readonly<Record<string, string>>;
}

function variantsOf(sides: readonly Side[], pass: string, l: ConvLayer): Variant[] {
  return sides.flatMap(({ worker, forms }) =>
    Object.entries(forms)
      .filter(([form]) => form !== "chain" || !isFirst(l))
      .map(([form, words]) => worker.variant(form, workOf(words, pass, l)))
  );
}

/** Medians of one layer and pass. */
interface Row {
  readonly dense: number;
  readonly chain: number;
  /** A step on the average over a cycle of held bases; undefined where there is none. */
  readonly amortised?: number | undefined;
  readonly torch: number | undefined;
}

function rowOf(timings: ReadonlyMap<string, Timing>): Row {
  const of = (name: string) => timings.get(name)?.median;
  const torch = [of("torch nchw"), of("torch nhwc")].filter((t) => t !== undefined);
  const dense = of("dense")!;
  const best = torch.length > 0 ? Math.min(...torch) : undefined;
  const [chain, held] = [of("chain") ?? dense, of("held")];
  return {
    dense,
    chain,
    torch: best,
    ...held === undefined ? {} : { amortised: amortised(chain, held) },
  };
}

/** The rows as a table: the dense time, then what it is compared with. */
function sectionOf(title: string, rows: ReadonlyMap<string, Row>): Section {
  const figures = new Map<string, Figure>();
  const extra: Record<string, Record<string, string>> = {};
  const times = (value: number | undefined) => value === undefined ? "" : `${value.toFixed(2)}x`;
  for (const [label, { dense, chain, torch, amortised }] of rows) {
    figures.set(label, { median: dense, unit: "s" });
    extra[label] = {
      "chain": formatFigure(chain, "s"),
      ...torch === undefined ? {} : { "PyTorch": formatFigure(torch, "s") },
      "/dense": times(chain / dense),
      ...amortised === undefined ? {} : {
        "amortised": formatFigure(amortised, "s"),
        "am/dense": times(amortised / dense),
      },
      ...torch === undefined
        ? {}
        : { "dense/PT": times(dense / torch), "chain/PT": times(chain / torch) },
    };
  }
  return { title, figures, extra };
}

/** The sum over a network's layers, each as often as it has it. */
function total(layers: readonly ConvLayer[], rows: readonly Row[]): Row {
  const sum = (key: keyof Row) =>
    layers.reduce((s, { count }, i) => s + count * (rows[i]![key] ?? NaN), 0);
  const torch = sum("torch");
  return {
    dense: sum("dense"),
    chain: sum("chain"),
    torch: Number.isNaN(torch) ? undefined : torch,
  };
}

async function measureNetwork(
  sides: readonly Side[],
  pass: string,
  layers: readonly ConvLayer[],
  options: BenchOptions,
  known: Map<string, Row>,
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (const l of layers) {
    const key = `${pass} ${l.size}`;
    const row = known.get(key) ?? rowOf(await measure(variantsOf(sides, pass, l), options.measure));
    known.set(key, row);
    rows.set(labelOf(l), row);
  }
  rows.set("the whole network", total(layers, [...rows.values()]));
  return rows;
}

function aimsOf(backend: string, network: string, pass: string, all: Row): Aim[] {
  const what = `${backend} ${network} ${pass}`;
  return [
    { what: `${what}: dense / PyTorch`, value: ratio(all.dense, all.torch), limit: 1.5 },
    { what: `${what}: chain / PyTorch's dense`, value: ratio(all.chain, all.torch), limit: 1 },
    { what: `${what}: chain / dense`, value: all.chain / all.dense, limit: 1 },
    ...all.amortised === undefined
      ? []
      : [{ what: `${what}: amortised / dense`, value: all.amortised / all.dense, limit: 0.8 }],
  ];
}

/** Training and inference of whole networks, ours through the trainer. */
async function wholeNetworks(
  worker: Worker,
  peer: Worker | undefined,
  pass: string,
  options: BenchOptions,
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (const family of ["vgg-16", "resnet-18"]) {
    const own = (form: string, words: string) =>
      worker.variant(form, `convnet ${pass} ${family} ${words}`);
    const theirs = (layout: string) =>
      peer && pass !== ADAM
        ? [peer.variant(`torch ${layout}`, `net ${layout} ${pass} ${family}`)]
        : [];
    const variants = [
      ...[own("dense", "dense"), own("chain", "tucker")],
      ...pass === "forward" ? [] : [own("held", "tucker held")],
      ...[...theirs("nchw"), ...theirs("nhwc")],
    ];
    rows.set(family, rowOf(await measure(variants, options.measure)));
  }
  return rows;
}

/** Convolutional layers, full and as chains of factors with 15 % of the weights, beside PyTorch. */
const bench: Bench = {
  name: "conv",
  description: "layers of VGG-16 and ResNet-18, batch 128: full, chains of factors, PyTorch",
  pieces: () => {
    const last = NETWORKS["VGG-16"]!.at(-1)!;
    const works = PASSES.map((pass) => [
      `${pass} of a layer ${labelOf(last)}`,
      Object.fromEntries(
        Object.entries(FORMS).map(([form, words]) => [
          `${form} ${pass}`,
          workOf(words, pass, last),
        ]),
      ),
    ]);
    return onBackends(BACKENDS, Object.fromEntries(works), { repetitions: FEW, heavy: true });
  },
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    await using stack = new AsyncDisposableStack();
    const { python, reason } = await findPyTorch();
    const left = python === undefined ? [`PyTorch: ${reason}`] : [];
    const peer = python === undefined
      ? undefined
      : stack.use(await startPyTorch(python, THREADS, "torch_conv.py"));
    const torch = peer
      ? [{ worker: peer, forms: { "torch nchw": "nchw", "torch nhwc": "nhwc" } }]
      : [];
    const sections: Section[] = [];
    const aims: Aim[] = [];
    for (const name of names) {
      const worker = stack.use(await startOwn(name, THREADS));
      const sides = [{ worker, forms: FORMS }, ...torch];
      const known = new Map<string, Row>();
      for (const pass of [...PASSES, ADAM]) {
        const rows = await wholeNetworks(worker, peer, pass, options);
        sections.push(sectionOf(`${name}: ${pass} of whole networks`, rows));
        for (const [family, row] of name === "blas" ? rows : []) {
          aims.push(...aimsOf(name, family, `whole ${pass}`, row));
        }
      }
      for (const [network, layers] of Object.entries(NETWORKS)) {
        for (const pass of PASSES) {
          const rows = await measureNetwork(sides, pass, layers, options, known);
          sections.push(sectionOf(`${name}: ${pass} of the layers of ${network}`, rows));
          const all = [...rows.values()].at(-1)!;
          // Accelerators are not held against a processor.
          if (name === "blas") aims.push(...aimsOf(name, network, pass, all));
        }
      }
    }
    return { sections, aims, notes: [...notes, ...left] };
  },
};

export default await registered(bench);
