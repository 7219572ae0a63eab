/** VeRA, LoHa and LoKr against their formulas, and what all adapters train in a large network. */

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  adaptedNetwork,
  adapters,
  type Attached,
  choose,
  kronecker,
  kroneckerExtents,
  kroneckerFactors,
  loha,
  lokr,
  lora,
  type Matrix,
  matrix,
  matrixOf,
  mergedWeight,
  randlora,
  Random,
  tensorsOf,
  vera,
} from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import {
  attachHost,
  differences,
  fitted,
  hostFlows,
  misfit,
  movedFrom,
} from "../../support/adapters.ts";
import { gaussian, host, minus, norm, relativeError } from "../../support/matrices.ts";

const w = gaussian(new Random(1), 12, 8);

Deno.test("adapters of a Llama of 28 layers train as many numbers as PEFT counts there", () => {
  const counts: Readonly<Record<string, number>> = {
    "lora:rank=32": 9_175_040,
    "lora:rank=64": 18_350_080,
    "rslora:rank=64": 18_350_080,
    "dora:rank=32": 9_289_728,
    "lokr:rank=32,factor=4": 2_294_656,
    "loha:rank=32": 18_350_080,
    "adalora:rank=64": 18_353_664,
    "vera:rank=256": 129_024,
  };
  for (const [text, count] of Object.entries(counts)) {
    const { trainables } = choose(adapters, text);
    assertEquals(28 * (trainables([3072, 3072]) + trainables([3072, 1024])), count, text);
  }
});

Deno.test("vera: a LoRA with the scaled bases as its factors", async () => {
  const at = movedFrom(await attachHost(vera.tuned({ rank: 3 }), w));
  const { b, d } = at.trained;
  const twin: Attached<Matrix> = {
    base: w,
    trained: {
      u: host.hadamard(at.frozen.u!, d!),
      v: host.hadamard(at.frozen.v!, host.transpose(b!)),
    },
    frozen: { scale: matrix([1], 1, 1) },
  };
  assertLess(relativeError(mergedWeight(host, vera, at), mergedWeight(host, lora, twin)), 1e-14);
});

Deno.test("vera: layers share the bases of the largest of them, whose sizes the network knows", async () => {
  const network = adaptedNetwork(perceptron({ sizes: [12, 8, 5, 4] }), {
    groups: [{ match: "dense*.weight", adapter: "vera", settings: { rank: 3 } }],
  });
  const [large, , small] = network.weights.map(({ settings }) => settings!);
  assertEquals(large, { rank: 3, inputs: 12, outputs: 8 });
  assertEquals(small, large);
  const first = (await attachHost(vera.tuned(large!), w)).frozen;
  const at = await attachHost(vera.tuned(small!), gaussian(new Random(2), 8, 5));
  assertEquals([at.frozen.u, at.frozen.v], [first.u, first.v]);
  const { u, v } = vera.factors!(host, tensorsOf(movedFrom(at)));
  const b = movedFrom(at).trained.b!;
  assertEquals(u, matrixOf(8, 3, (i, j) => first.u!.data[i * 3 + j]!));
  assertEquals(v, matrixOf(5, 3, (i, j) => first.v!.data[i * 3 + j]! * b.data[i]!));
  const other = (await attachHost(vera.tuned({ ...large!, seed: 1 }), w)).frozen;
  assertGreater(norm(minus(other.u!, first.u!)), 0.1);
  for (const [x, bound] of [[first.u!, Math.sqrt(6 / 12)], [first.v!, Math.sqrt(6 / 3)]] as const) {
    const most = Math.max(...x.data.map(Math.abs));
    assert(most <= bound && most > 0.8 * bound, `${most} ${bound}`);
  }
});

Deno.test("loha, cp: kernels are sums over a core of every pixel, and their flows differences", async () => {
  const [height, width, inputs, outputs, rank] = [2, 3, 4, 5, 2];
  const kernel = gaussian(new Random(3), height * width * inputs, outputs);
  const shape = [height, width, inputs, outputs];
  const adapter = loha.tuned({ rank, alpha: 3, kernels: "cp" });
  const start = await attachHost(adapter, kernel, { shape });
  assertEquals(mergedWeight(host, adapter, start), kernel);
  const size = Object.values(start.trained).reduce((n, x) => n + x.data.length, 0);
  assertEquals(size, 2 * (rank * (inputs + outputs) + rank ** 2 * height * width));
  const at = movedFrom(start);
  const half = (i: 1 | 2, row: number, column: number): number => {
    const [u, v, t] = [`u${i}`, `v${i}`, `t${i}`].map((name) => at.trained[name]!);
    const [pixel, input] = [Math.floor(row / inputs), row % inputs];
    let sum = 0;
    for (let j = 0; j < rank; j++) {
      for (let k = 0; k < rank; k++) {
        const core = t!.data[j * t!.cols + pixel * rank + k]!;
        sum += u!.data[input * rank + j]! * core * v!.data[column * rank + k]!;
      }
    }
    return sum;
  };
  const wanted = matrixOf(kernel.rows, outputs, (row, column) => {
    return 1.5 * half(1, row, column) * half(2, row, column);
  });
  assertLess(relativeError(minus(mergedWeight(host, adapter, at), kernel), wanted), 1e-14);
  const target = gaussian(new Random(4), kernel.rows, outputs);
  const flows = hostFlows(adapter, at, minus(target, mergedWeight(host, adapter, at)));
  for (const key of Object.keys(at.trained)) {
    const found = differences((x) => misfit(adapter, x, target), at, key, 1e-4);
    assertLess(relativeError(flows[key]!, found), 1e-8, key);
  }
  const moving = Object.entries(hostFlows(adapter, start, minus(target, kernel)))
    .filter(([, x]) => norm(x) > 0);
  assertEquals(moving.map(([key]) => key), ["u2"]);
  // Maps of a single pixel have nothing in between.
  assertEquals(Object.keys((await attachHost(adapter, w)).trained), ["u1", "v1", "u2", "v2"]);
});

Deno.test("loha: a product of two factors of rank r has rank r²", async () => {
  const at = movedFrom(await attachHost(loha.tuned({ rank: 2, alpha: 3 }), w));
  const t = tensorsOf(at);
  const { sigma } = await host.svd(loha.increment!(host, t));
  assertEquals(sigma.filter((s) => s > 1e-10 * sigma[0]!).length, 4);
  const naive = matrixOf(12, 8, (i, j) => {
    const product = (u: Matrix, v: Matrix) =>
      [0, 1].reduce((sum, k) => sum + u.data[i * 2 + k]! * v.data[j * 2 + k]!, 0);
    return 1.5 * product(t.u1!, t.v1!) * product(t.u2!, t.v2!);
  });
  assertLess(relativeError(loha.increment!(host, t), naive), 1e-14);
});

Deno.test("lokr: extents fall into the factors that PEFT takes", () => {
  const table: [extent: number, factor: number, wanted: [number, number]][] = [
    [256, -1, [16, 16]],
    [128, -1, [8, 16]],
    [127, -1, [1, 127]],
    [3072, -1, [48, 64]],
    [12, -1, [3, 4]],
    [3072, 4, [4, 768]],
    [12, 8, [3, 4]],
    [8, 4, [4, 2]],
  ];
  for (const [extent, factor, wanted] of table) {
    assertEquals(kroneckerExtents(extent, factor), wanted, `${extent} by ${factor}`);
  }
});

Deno.test("lokr: the Kronecker product is that of its definition", () => {
  const [x, y] = [gaussian(new Random(3), 3, 2), gaussian(new Random(4), 4, 5)];
  const wanted = matrixOf(12, 10, (i, j) => {
    const entry = x.data[Math.floor(i / 4) * 2 + Math.floor(j / 5)]!;
    return entry * y.data[(i % 4) * 5 + j % 5]!;
  });
  assertEquals(kronecker(host, x, y), wanted);
});

Deno.test("lokr: factors that are factorised themselves have flows and counts as well", async () => {
  const large = gaussian(new Random(5), 36, 64);
  const adapter = lokr.tuned({ rank: 2, both: true });
  const begun = await attachHost(adapter, large);
  const shapes = Object.entries(begun.trained).map(([name, x]) => [name, x.rows, x.cols]);
  assertEquals(shapes, [["u1", 6, 2], ["v1", 8, 2], ["u2", 6, 2], ["v2", 8, 2]]);
  assertEquals(adapter.trainables([36, 64]), 2 * (6 + 8 + 6 + 8));
  assertLess(relativeError(mergedWeight(host, adapter, begun), large), 1e-15);
  const at = movedFrom(begun);
  const { first, second } = kroneckerFactors(host, tensorsOf(at));
  const rank = async (x: Matrix) =>
    (await host.svd(x)).sigma.filter((s, _i, all) => s > 1e-10 * all[0]!).length;
  const whole = await rank(minus(mergedWeight(host, adapter, at), large));
  assertEquals(whole, await rank(first) * await rank(second));
  const f = gaussian(new Random(6), 36, 64);
  const flows = hostFlows(adapter, at, f);
  for (const name of Object.keys(at.trained)) {
    const along = gaussian(new Random(7), at.trained[name]!.rows, 2);
    const moved = (h: number) =>
      mergedWeight(host, adapter, {
        ...at,
        trained: { ...at.trained, [name]: host.lincomb(1, at.trained[name]!, h, along) },
      });
    const change = minus(moved(1e-5), moved(-1e-5));
    const slope = change.data.reduce((sum, x, i) => sum + x * f.data[i]!, 0) / 2e-5;
    const own = flows[name]!.data.reduce((sum, x, i) => sum + x * along.data[i]!, 0);
    assertLess(Math.abs(slope - own), 1e-8 * Math.abs(slope), name);
  }
});

Deno.test("lokr: descent from its start finds a Kronecker product, which LoRA cannot hold", async () => {
  const target = kronecker(host, gaussian(new Random(8), 3, 3), gaussian(new Random(9), 4, 4));
  const adapter = lokr.tuned({ rank: 4, alpha: 4 });
  assertEquals(adapter.trainables([12, 12]), 9 + 16);
  assertLess(await fitted(adapter, target, 300), 1e-8);
  const one = lora.tuned({ rank: 1, alpha: 1 });
  assertEquals(one.trainables([12, 12]), 24);
  assertGreater(await fitted(one, target, 300), 0.3);
});

Deno.test("randlora: with as many numbers it comes closer to a flat spectrum than any LoRA", async () => {
  const target = (await host.qr(gaussian(new Random(10), 16, 16))).q;
  const adapter = randlora.tuned({ rank: 2, alpha: 2 });
  const count = adapter.trainables([16, 16]);
  // The best approximation of rank r leaves 1 − r/16 of it.
  const best = 1 - count / 32 / 16;
  assertEquals(count, 8 * 18);
  assertLess(await fitted(adapter, target, 400), 0.9 * best);
});
