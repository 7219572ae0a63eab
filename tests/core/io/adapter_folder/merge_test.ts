/** What each type of adapter adds to a weight, beside its formula written out entry by entry. */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  adapterBase,
  kroneckerExtents,
  mergedTensors,
  type TensorData,
} from "../../../../core/mod.ts";
import { FORMS } from "../../../../core/io/adapter_folder/forms/mod.ts";
import { adapterConfig, type PeftType } from "../../../../core/io/adapter_folder/mod.ts";
import { adapterOf, BASE, UP } from "../../../support/adapter_folders.ts";

type Tensors = Readonly<Record<string, TensorData>>;
/** Entry of a tensor by its place. */
type Entry = (...place: number[]) => number;

const sum = (n: number, f: (k: number) => number): number =>
  Array.from({ length: n }, (_, k) => f(k)).reduce((a, b) => a + b, 0);

function entry({ shape, data }: TensorData): Entry {
  return (...place) => Number(data[place.reduce((at, p, i) => at * shape[i]! + p, 0)]);
}

/** A type of adapter on one module, and entry (o, i …) of the weight that comes of it. */
interface Row {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly module: string;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly merged: (w: Entry, part: (name: string) => Entry) => Entry;
}

const up = "block.0.up";
const only = { target_modules: [up] };

const ROWS: readonly Row[] = [
  {
    name: "LoRA by patterns",
    values: {
      ...{ peft_type: "LORA", r: 4, lora_alpha: 8, ...only },
      ...{ rank_pattern: { "block\\.\\d+\\.up": 2 }, alpha_pattern: { up: 3 } },
    },
    module: up,
    shapes: { "lora_A.weight": [2, 4], "lora_B.weight": [6, 2] },
    merged: (w, part) => (o, i) =>
      w(o, i) +
      3 / 2 * sum(2, (k) => part("lora_B.weight")(o, k!) * part("lora_A.weight")(k!, i!)),
  },
  {
    name: "rsLoRA",
    values: { peft_type: "LORA", r: 4, lora_alpha: 8, use_rslora: true, ...only },
    module: up,
    shapes: { "lora_A.weight": [4, 4], "lora_B.weight": [6, 4] },
    merged: (w, part) => (o, i) =>
      w(o!, i!) +
      8 / 2 * sum(4, (k) => part("lora_B.weight")(o!, k) * part("lora_A.weight")(k, i!)),
  },
  {
    name: "LoRA of a convolution",
    values: { peft_type: "LORA", r: 2, lora_alpha: 8, target_modules: ["conv"] },
    module: "conv",
    shapes: { "lora_A.weight": [2, 4, 3, 2], "lora_B.weight": [5, 2, 1, 1] },
    merged: (w, part) => (o, i, y, x) =>
      w(o!, i!, y!, x!) +
      4 * sum(2, (k) => part("lora_B.weight")(o!, k, 0, 0) * part("lora_A.weight")(k, i!, y!, x!)),
  },
  {
    name: "LoRA of a table",
    values: { peft_type: "LORA", r: 2, lora_alpha: 8, target_modules: ["embed_tokens"] },
    module: "embed_tokens",
    shapes: { lora_embedding_A: [2, 7], lora_embedding_B: [4, 2] },
    merged: (w, part) => (v, d) =>
      w(v!, d!) +
      4 * sum(2, (k) => part("lora_embedding_B")(d!, k) * part("lora_embedding_A")(k, v!)),
  },
  {
    name: "DoRA",
    values: { peft_type: "LORA", r: 2, lora_alpha: 8, use_dora: true, ...only },
    module: up,
    shapes: { "lora_A.weight": [2, 4], "lora_B.weight": [6, 2], lora_magnitude_vector: [6] },
    merged: (w, part) => (o, i) => {
      const v = (i: number) =>
        w(o!, i) + 4 * sum(2, (k) => part("lora_B.weight")(o!, k) * part("lora_A.weight")(k, i));
      return part("lora_magnitude_vector")(o!) * v(i!) / Math.sqrt(sum(4, (i) => v(i) ** 2));
    },
  },
  {
    name: "AdaLoRA after its budget",
    values: {
      ...{ peft_type: "ADALORA", init_r: 3, lora_alpha: 8, ...only },
      rank_pattern: { "block.0.up.lora_E": [true, false, true] },
    },
    module: up,
    shapes: { lora_A: [2, 4], lora_B: [6, 2], lora_E: [2, 1] },
    merged: (w, part) => (o, i) =>
      w(o!, i!) +
      8 / (3 + 1e-5) *
        sum(2, (k) => part("lora_B")(o!, k) * part("lora_E")(k, 0) * part("lora_A")(k, i!)),
  },
  {
    name: "LoHa",
    values: { peft_type: "LOHA", r: 2, alpha: 3, ...only },
    module: up,
    shapes: { hada_w1_a: [6, 2], hada_w1_b: [2, 4], hada_w2_a: [6, 2], hada_w2_b: [2, 4] },
    merged: (w, part) => (o, i) =>
      w(o!, i!) +
      3 / 2 * sum(2, (k) => part("hada_w1_a")(o!, k) * part("hada_w1_b")(k, i!)) *
        sum(2, (k) => part("hada_w2_a")(o!, k) * part("hada_w2_b")(k, i!)),
  },
  {
    name: "LoHa of a convolution with kernels between",
    values: {
      peft_type: "LOHA",
      r: 2,
      alpha: 3,
      use_effective_conv2d: true,
      target_modules: ["conv"],
    },
    module: "conv",
    shapes: {
      ...{ hada_w1_a: [2, 5], hada_w1_b: [2, 4], hada_t1: [2, 2, 3, 2] },
      ...{ hada_w2_a: [2, 5], hada_w2_b: [2, 4], hada_t2: [2, 2, 3, 2] },
    },
    merged: (w, part) => (o, i, y, x) => {
      const half = (n: number) =>
        sum(2, (j) =>
          sum(2, (k) =>
            part(`hada_t${n}`)(j, k, y!, x!) * part(`hada_w${n}_a`)(j, o!) *
            part(`hada_w${n}_b`)(k, i!)));
      return w(o!, i!, y!, x!) + 3 / 2 * half(1) * half(2);
    },
  },
  {
    name: "LoKr",
    values: { peft_type: "LOKR", r: 1, alpha: 3, ...only },
    module: up,
    shapes: { lokr_w1: [2, 2], lokr_w2_a: [3, 1], lokr_w2_b: [1, 2] },
    merged: (w, part) => (o, i) =>
      w(o!, i!) + 3 * part("lokr_w1")(Math.floor(o! / 3), Math.floor(i! / 2)) *
        part("lokr_w2_a")(o! % 3, 0) * part("lokr_w2_b")(0, i! % 2),
  },
  {
    name: "LoKr of a convolution",
    values: { peft_type: "LOKR", r: 4, alpha: 3, target_modules: ["conv"] },
    module: "conv",
    shapes: { lokr_w1: [1, 2], lokr_w2: [5, 2, 3, 2] },
    merged: (w, part) => (o, i, y, x) =>
      w(o!, i!, y!, x!) +
      3 / 4 * part("lokr_w1")(0, Math.floor(i! / 2)) * part("lokr_w2")(o!, i! % 2, y!, x!),
  },
];

for (const { name, values, module, shapes, merged } of ROWS) {
  Deno.test(`${name}: the merged weight is what its formula says`, async () => {
    const named = Object.entries(shapes).map(([part, shape]) =>
      [`base_model.model.${module}.${part}`, shape] as const
    );
    const adapter = adapterOf(values, Object.fromEntries(named));
    const found = await mergedTensors(adapterBase(BASE), adapter);
    const w = BASE.tensors[`${module}.weight`]!;
    const part = (p: string) => entry(adapter.tensors[`base_model.model.${module}.${p}`]!);
    const at = merged(entry(w), part);
    places(w.shape).forEach((place, n) =>
      assertAlmostEquals(Number(found[`${module}.weight`]!.data[n]), at(...place), 1e-5)
    );
    for (const other of Object.keys(BASE.tensors)) {
      if (other !== `${module}.weight`) assertEquals(found[other], BASE.tensors[other]);
    }
  });
}

function places(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, n) => all.flatMap((place) => Array.from({ length: n }, (_, k) => [...place, k])),
    [[]],
  );
}

Deno.test("VeRA takes corners of one pair for all modules", async () => {
  const adapter = adapterOf({ peft_type: "VERA", r: 2, ...only }, {
    [`${UP}.vera_lambda_b`]: [6],
    [`${UP}.vera_lambda_d`]: [2],
    "base_model.vera_A": [2, 9],
    "base_model.vera_B": [8, 2],
  });
  const found = await mergedTensors(adapterBase(BASE), adapter);
  const [w, t] = [entry(BASE.tensors["block.0.up.weight"]!), adapter.tensors as Tensors];
  const [b, d] = [entry(t[`${UP}.vera_lambda_b`]!), entry(t[`${UP}.vera_lambda_d`]!)];
  const [x, y] = [entry(t["base_model.vera_A"]!), entry(t["base_model.vera_B"]!)];
  places([6, 4]).forEach(([o, i], n) => {
    const expected = w(o!, i!) + b(o!) * sum(2, (k) => y(o!, k) * d(k) * x(k, i!));
    assertAlmostEquals(Number(found["block.0.up.weight"]!.data[n]), expected, 1e-5);
  });
});

Deno.test("RandLoRA flattens its sides in the two orders of its library", async () => {
  const [rank, count] = [3, 2];
  const adapter = adapterOf({ peft_type: "RANDLORA", r: rank, randlora_alpha: 6, ...only }, {
    [`${UP}.randlora_lambda`]: [rank, count],
    [`${UP}.randlora_gamma`]: [count, 4],
    "base_model.randlora_A": [rank, 1, 5],
    "base_model.randlora_B": [7, count, rank],
  });
  const found = await mergedTensors(adapterBase(BASE), adapter);
  const t = adapter.tensors as Tensors;
  const [l, g] = [entry(t[`${UP}.randlora_lambda`]!), entry(t[`${UP}.randlora_gamma`]!)];
  const [a, b] = [entry(t["base_model.randlora_A"]!), entry(t["base_model.randlora_B"]!)];
  const w = entry(BASE.tensors["block.0.up.weight"]!);
  places([6, 4]).forEach(([o, i], n) => {
    const added = sum(rank * count, (k) => {
      const [p, q] = [Math.floor(k / count), k % count];
      return b(o!, Math.floor(k / rank), k % rank) * l(p, q) * a(p, 0, i!) * g(q, i!);
    });
    assertAlmostEquals(
      Number(found["block.0.up.weight"]!.data[n]),
      w(o!, i!) + 6 / rank * added,
      1e-5,
    );
  });
});

Deno.test("PiSSA stands on the base without its leading triples, and at their product at first", async () => {
  // A rank-1 weight is its own leading triple: nothing of it is left beside the factors.
  const weight = { shape: [2, 2], data: Float32Array.of(3, 4, 6, 8) };
  const values = { peft_type: "LORA", r: 1, lora_alpha: 2, init_lora_weights: "pissa" };
  const adapter = adapterOf(values, {
    "base_model.model.map.lora_A.weight": [1, 2],
    "base_model.model.map.lora_B.weight": [2, 1],
  });
  const { "map.weight": found } = await mergedTensors(
    adapterBase({ tensors: { "map.weight": weight } }),
    adapter,
  );
  const [a, b] = Object.values(adapter.tensors).map((t) => entry(t));
  places([2, 2]).forEach(([o, i], n) =>
    assertAlmostEquals(Number(found!.data[n]), 2 * b!(o!, 0) * a!(0, i!), 1e-5)
  );
});

Deno.test("biases and whole modules of an adapter take the place of the base's", async () => {
  const values = {
    ...{ peft_type: "LORA", r: 1, ...only, bias: "lora_only", modules_to_save: ["head"] },
    lora_bias: true,
  };
  const adapter = adapterOf(values, {
    [`${UP}.lora_A.weight`]: [1, 4],
    [`${UP}.lora_B.weight`]: [6, 1],
    [`${UP}.lora_B.bias`]: [6],
    [`${UP}.base_layer.bias`]: [6],
    "base_model.model.head.weight": [2, 6],
  });
  const found = await mergedTensors(adapterBase(BASE), adapter);
  assertEquals(found["head.weight"], adapter.tensors["base_model.model.head.weight"]);
  const [own, added] = [`${UP}.base_layer.bias`, `${UP}.lora_B.bias`].map((n) =>
    entry(adapter.tensors[n]!)
  );
  for (let o = 0; o < 6; o++) {
    const expected = own!(o) + 8 * added!(o);
    assertAlmostEquals(Number(found["block.0.up.bias"]!.data[o]), expected, 1e-5);
  }
});

/** Trained numbers of PEFT's benchmark: 28 layers with maps 3072 → 3072 and 3072 → 1024. */
const COUNTS: readonly [PeftType, Readonly<Record<string, unknown>>, number][] = [
  ["LORA", { r: 32 }, 9_175_040],
  ["LORA", { r: 64 }, 18_350_080],
  ["LORA", { r: 32, use_dora: true }, 9_289_728],
  ["RANDLORA", { r: 32 }, 9_289_728],
  ["LOKR", { r: 32, decompose_factor: 4 }, 2_294_656],
  ["LOHA", { r: 32 }, 18_350_080],
  ["ADALORA", { init_r: 64 }, 18_353_664],
  ["VERA", { r: 256 }, 129_024],
];

for (const [type, values, expected] of COUNTS) {
  Deno.test(`${type} ${JSON.stringify(values)} stores ${expected} numbers in 56 matrices`, () => {
    const config = adapterConfig({ peft_type: type, ...values }, "a test");
    const form = FORMS[type];
    const numbers = [3072, 1024].flatMap((outputs) => {
      const shape = [outputs, 3072];
      const module = { name: "map", names: ["map"], kind: "linear", shape } as const;
      const rank = form.rank(config, "map");
      const sizes = { module, outputs, inputs: 3072, window: [], rank, config };
      return Object.values(form.shapes(sizes)).map((s) => s.reduce((n, d) => n * d, 1));
    });
    assertEquals(28 * numbers.reduce((n, d) => n + d, 0), expected);
  });
}

Deno.test("extents are split for Kronecker products as PEFT splits them", () => {
  const pairs = [[256, -1, 16, 16], [128, -1, 8, 16], [127, -1, 1, 127], [128, 4, 4, 32], [
    ...[30, 4, 3, 10],
  ]] as const;
  for (const [extent, factor, ...pair] of pairs) {
    assertEquals(kroneckerExtents(extent, factor), pair as readonly [number, number]);
  }
});
