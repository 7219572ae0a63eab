/** SoRA, DyLoRA, ALLoRA, SaRA, NOLA and RandLoRA against their formulas. */

import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import {
  type Adapter,
  allora,
  type Attached,
  dylora,
  lora,
  type Matrix,
  matrix,
  matrixOf,
  mergedWeight,
  nola,
  prefixOf,
  randlora,
  Random,
  sara,
  sora,
  tensorsOf,
} from "../../../core/mod.ts";
import { attachHost, hostFlows, movedFrom } from "../../support/adapters.ts";
import { gaussian, host, minus, norm, plus, relativeError, times } from "../../support/matrices.ts";

const w = gaussian(new Random(1), 12, 8);
const f = gaussian(new Random(2), 12, 8);
const merged = (adapter: Adapter, at: Attached<Matrix>) => mergedWeight(host, adapter, at);

/** What an adapter makes of a step that has been taken. */
async function settled(
  adapter: Adapter,
  before: Attached<Matrix>,
  after: Attached<Matrix>,
  count?: { done: number; all: number },
) {
  const moment = { progress: 0, final: false, ...(count ? { count } : {}) };
  const moments = { momentsBefore: { x: 1 }, moments: { x: 2 } };
  return await adapter.settle!(host, { before, after, flows: {}, moment, ...moments });
}

Deno.test("sora: a soft threshold closes gates, which then add nothing", async () => {
  const adapter = sora.tuned({ rank: 4, threshold: 0.5 });
  const begun = movedFrom(await attachHost(adapter, w));
  const e = matrix([0.4, -0.7, 2, -0.5], 1, 4);
  const { at } = await settled(adapter, begun, { ...begun, trained: { ...begun.trained, e } });
  [0, -0.2, 1.5, 0].forEach((g, i) => assertLess(Math.abs(at.trained.e!.data[i]! - g), 1e-15));
  assertEquals(at.numbers!.rank, 2);
  const kept = (x: Matrix) => host.columns(x, 1, 3);
  const pruned = {
    ...at,
    trained: { u: kept(at.trained.u!), v: kept(at.trained.v!), e: kept(at.trained.e!) },
  };
  assertLess(relativeError(merged(adapter, pruned), merged(adapter, at)), 1e-15);
});

Deno.test("dylora: a step sees and moves the first b columns, at α/b; then all are back", async () => {
  const adapter = dylora.tuned({ rank: 4, alpha: 6 });
  const at = movedFrom(await attachHost(adapter, w));
  const seen = new Set<number>();
  for (let count = 0; count < 20; count++) {
    const whole = { ...at, numbers: { ...at.numbers, count } };
    const { at: open } = await adapter.open!(host, whole, undefined);
    const b = open.frozen.mask!.data.reduce((sum, x) => sum + x, 0);
    seen.add(b);
    assertEquals(open.frozen.scale!.data[0], 1.5 * (4 / b));
    const cut = prefixOf(host, at, b);
    assertLess(relativeError(merged(adapter, open), merged(lora, cut)), 1e-15);
    const own = hostFlows(adapter, open, f);
    const wanted = hostFlows(lora, cut, f);
    for (const name of ["u", "v"]) {
      assertLess(relativeError(host.columns(own[name]!, 0, b), wanted[name]!), 1e-14);
      if (b < 4) assertEquals(norm(host.columns(own[name]!, b, 4)), 0);
    }
    const { at: next } = await settled(adapter, { ...at, numbers: { rank: 4, count } }, open);
    assertEquals([next.frozen, next.numbers], [at.frozen, { rank: 4, count: count + 1 }]);
  }
  assertEquals([...seen].sort(), [1, 2, 3, 4]);
  const error = assertThrows(() => prefixOf(host, at, 5), RangeError);
  assertEquals(error.message, "Cannot cut a prefix: expected a rank from 1 to 4, got 5");
});

Deno.test("dylora: all layers draw the same ranks, another seed others", async () => {
  const ranks = async (seed: number, layer: number) => {
    const adapter = dylora.tuned({ rank: 8, seed });
    const at = await attachHost(adapter, w, { random: new Random(layer) });
    const drawn = Array.from({ length: 12 }, async (_, count) => {
      const { at: open } = await adapter.open!(host, { ...at, numbers: { count } }, undefined);
      return open.frozen.mask!.data.reduce((sum, x) => sum + x, 0);
    });
    return await Promise.all(drawn);
  };
  assertEquals(await ranks(1, 5), await ranks(1, 6));
  assert((await ranks(1, 5)).join() !== (await ranks(2, 5)).join());
});

Deno.test("dylora, frozen: a step sees b columns and moves the last; others keep bits and moments", async () => {
  const adapter = dylora.tuned({ rank: 4, alpha: 6, trains: "column" });
  const at = movedFrom(await attachHost(adapter, w));
  const known = { 1: "first", 2: "second", 3: "third", 4: "fourth" };
  const seen = new Set<number>();
  for (let count = 0; count < 20; count++) {
    const whole = { ...at, numbers: { rank: 4, count } };
    const { at: open, moments } = await adapter.open!(host, whole, known);
    const b = open.numbers!.column!;
    seen.add(b);
    assertEquals(moments as unknown, Object.values(known)[b - 1]);
    const cut = prefixOf(host, at, b);
    assertLess(relativeError(merged(adapter, open), merged(lora, cut)), 1e-15);
    const [own, wanted] = [hostFlows(adapter, open, f), hostFlows(lora, cut, f)];
    for (const name of ["u", "v"]) {
      assertLess(relativeError(own[name]!, host.columns(wanted[name]!, b - 1, b)), 1e-14);
    }
    const trained = { u: gaussian(new Random(3), 12, 1), v: gaussian(new Random(4), 8, 1) };
    const next = await adapter.settle!(host, {
      ...{ before: whole, after: { ...open, trained }, flows: {} },
      ...{ moment: { progress: 0, final: false }, momentsBefore: known, moments: { u: "new" } },
    });
    assertEquals([next.at.frozen, next.at.numbers], [at.frozen, { rank: 4, count: count + 1 }]);
    assertEquals(next.moments, { ...known, [b]: { u: "new" } });
    for (const name of ["u", "v"] as const) {
      const [x, before] = [next.at.trained[name]!, at.trained[name]!];
      assertEquals(host.columns(x, b - 1, b), trained[name]);
      if (b > 1) assertEquals(host.columns(x, 0, b - 1), host.columns(before, 0, b - 1));
      if (b < 4) assertEquals(host.columns(x, b, 4), host.columns(before, b, 4));
    }
  }
  assertEquals([...seen].sort(), [1, 2, 3, 4]);
});

Deno.test("dylora: half of its columns fit better than half of a LoRA's", async () => {
  const target = gaussian(new Random(4), 12, 8);
  const zero = matrix(new Float64Array(96), 12, 8);
  const misfit = async (adapter: Adapter) => {
    let at = await attachHost(adapter, zero);
    for (let k = 0; k < 1500; k++) {
      const { at: open } = await adapter.open?.(host, at, undefined) ?? { at };
      const flows = hostFlows(adapter, open, minus(target, merged(adapter, open)));
      const trained = Object.fromEntries(
        Object.entries(at.trained).map(([key, x]) => [key, host.lincomb(1, x, 0.02, flows[key]!)]),
      );
      const after = { ...open, trained };
      at = adapter.settle ? (await settled(adapter, at, after)).at : after;
    }
    const cut = prefixOf(host, at, 4);
    const unscaled = { ...cut, frozen: { scale: matrix([1], 1, 1) } };
    return Math.min(...[cut, unscaled].map((x) => norm(minus(merged(lora, x), target))));
  };
  // Of a LoRA the better scale counts: that of its prefix, or that of its training.
  const plain = await misfit(lora.tuned({ rank: 8, alpha: 8 }));
  assertLess(await misfit(dylora.tuned({ rank: 8, alpha: 8 })), 0.85 * plain);
});

Deno.test("allora: at the start flows are LoRA's at scale η; rates fall as outputs grow", async () => {
  const adapter = allora.tuned({ rank: 2, eta: 3, scales: "gradient" });
  const start = await attachHost(adapter, w);
  const twin: Attached<Matrix> = { ...start, frozen: { scale: matrix([3], 1, 1) } };
  const [own, wanted] = [hostFlows(adapter, start, f), hostFlows(lora, twin, f)];
  assertLess(relativeError(own.v!, wanted.v!), 1e-14);
  const at = movedFrom(start);
  const increment = minus(merged(adapter, at), w);
  const rates = Array.from({ length: 8 }, (_, j) => {
    const column = Array.from({ length: 12 }, (_, i) => increment.data[i * 8 + j]!);
    return 1 / Math.sqrt(Math.hypot(...column) + 1 / 9);
  });
  const scaled = host.weighted(f, { columns: rates });
  const [flows, plain] = [hostFlows(adapter, at, f), hostFlows(lora, at, scaled)];
  for (const name of ["u", "v"]) assertLess(relativeError(flows[name]!, plain[name]!), 1e-13);
  const far = { ...at, trained: { ...at.trained, v: host.scale(1e4, at.trained.v!) } };
  const later = hostFlows(adapter, far, f);
  const ratio = (x: Matrix, y: Matrix, j: number) => x.data[2 * j]! / y.data[2 * j]!;
  const rate = ratio(later.v!, hostFlows(lora, far, f).v!, 0);
  assertLess(Math.abs(rate * 100 / (rates[0]! ** -2 - 1 / 9) ** -0.5 - 1), 0.01);
});

Deno.test("allora: with gradient steps, rates of the step of V are rates of its gradient", async () => {
  const step = async (scales: string) => {
    const adapter = allora.tuned({ rank: 2, eta: 3, scales });
    const at = movedFrom(await attachHost(adapter, w));
    const flows = hostFlows(adapter, at, f);
    const trained = Object.fromEntries(
      Object.entries(at.trained).map(([key, x]) => [key, host.lincomb(1, x, 0.1, flows[key]!)]),
    );
    const after = { ...at, trained };
    return adapter.settle ? (await settled(adapter, at, after)).at : after;
  };
  const [one, other] = [await step("step"), await step("gradient")];
  for (const name of ["u", "v"]) {
    assertLess(relativeError(one.trained[name]!, other.trained[name]!), 1e-14);
  }
});

Deno.test("sara: entries below the threshold train, others keep their bits", async () => {
  const adapter = sara.tuned({ threshold: 0.5, again: 0.5 });
  const begun = await attachHost(adapter, w);
  const below = Array.from(w.data, (x) => Math.abs(x) < 0.5);
  assertEquals(begun.numbers!.trained, below.filter((x) => x).length);
  assertEquals(merged(adapter, begun), w);
  const flows = hostFlows(adapter, begun, f);
  const values = host.lincomb(1, begun.trained.values!, 0.2, flows.values!);
  const after = { ...begun, trained: { values } };
  const whole = merged(adapter, after);
  w.data.forEach((x, i) => {
    assertEquals(whole.data[i], below[i] ? x + 0.2 * f.data[i]! : x);
  });
  const still = await settled(adapter, begun, after, { done: 3, all: 10 });
  assertEquals(still, { at: after });
  const again = await settled(adapter, begun, after, { done: 4, all: 10 });
  assertEquals(again.moments, undefined);
  assertEquals("moments" in again, true);
  assertEquals(merged(adapter, again.at), whole);
  const mask = again.at.frozen.mask!.data;
  mask.forEach((m, i) => assertEquals(m !== 0, below[i]! && Math.abs(whole.data[i]!) < 0.5));
  assertLess(again.at.numbers!.trained!, begun.numbers!.trained!);
});

Deno.test("sara: the flow of one matrix a step has λ times the nuclear norm of what trains", async () => {
  const adapter = sara.tuned({ threshold: 0.5, nuclear: 0.3 });
  const at = movedFrom(await attachHost(adapter, w));
  const { at: open } = await adapter.open!(host, at, undefined);
  assertEquals(merged(adapter, open), merged(adapter, at), "the weight itself is as before");
  const added = minus(hostFlows(adapter, open, f).values!, hostFlows(adapter, at, f).values!);
  const h = 1e-5;
  const { values } = at.trained;
  for (const i of [0, 7, 20, 50, 95]) {
    const along = async (by: number): Promise<number> => {
      const data = Float64Array.from(values!.data);
      data[i]! += by;
      const { sigma } = await host.svd(host.hadamard(matrix(data, 12, 8), at.frozen.mask!));
      return 0.3 * sigma.reduce((sum, x) => sum + x, 0);
    };
    const wanted = -(await along(h) - await along(-h)) / (2 * h);
    assertLess(Math.abs(added.data[i]! - wanted), 1e-7, `${i}`);
  }
  const { at: next } = await settled(adapter, at, open);
  assertEquals([Object.keys(next.frozen), next.numbers!.count], [["mask"], 1]);
  // Of four matrices one has the term in the mean, each by a draw of its own.
  const four = sara.tuned({ threshold: 0.5, nuclear: 0.3, matrices: 4 });
  let pulled = 0;
  for (let count = 0; count < 400; count++) {
    const { at: drawn } = await four.open!(
      host,
      { ...at, numbers: { ...at.numbers, count } },
      undefined,
    );
    if (drawn.frozen.pull) pulled++;
  }
  assert(pulled > 70 && pulled < 130, `${pulled}`);
  assertEquals(four.fitted!([[9, 9], [9, 9], [9, 3]]), { matrices: 3 });
});

Deno.test("nola: both factors are combinations; the numbers that train know no size", async () => {
  const adapter = nola.tuned({ rank: 3, alpha: 6, count: 5 });
  assertEquals(adapter.trainables([12, 8]), nola.tuned({ rank: 1, count: 5 }).trainables([999, 7]));
  const at = movedFrom(await attachHost(adapter, w));
  const { u, us, vs } = at.frozen;
  const combined = (start: Matrix, bases: Matrix, c: Matrix) =>
    matrixOf(start.rows, 3, (i, j) => {
      let sum = start.data[i * 3 + j]!;
      for (let k = 0; k < 5; k++) sum += c.data[k]! * bases.data[k * bases.cols + i * 3 + j]!;
      return sum;
    });
  const left = combined(u!, us!, at.trained.a!);
  const right = combined(matrix(new Float64Array(24), 8, 3), vs!, at.trained.b!);
  const increment = host.scale(2, times(left, host.transpose(right)));
  assertLess(relativeError(merged(adapter, at), plus(w, increment)), 1e-14);
  const most = Math.max(...us!.data.map(Math.abs));
  assert(most <= 1 / Math.sqrt(5) && most > 0.9 / Math.sqrt(5), `${most}`);
});

Deno.test("randlora: the sum of the paper, on either side; full rank; one base for all layers", async () => {
  const adapter = randlora.tuned({ rank: 3, alpha: 6, inputs: 20, outputs: 30 });
  const bases: Matrix[] = [];
  for (const x of [w, host.transpose(w)]) {
    const at = movedFrom(await attachHost(adapter, x));
    const { lambda, gamma } = at.trained;
    const leading = (m: Matrix, rows: number) =>
      matrixOf(rows, m.cols, (i, j) => m.data[i * m.cols + j]!);
    const [a, b] = [leading(at.frozen.a!, 8), leading(at.frozen.b!, 12)];
    assertEquals([lambda!.rows, gamma!.rows, gamma!.cols], [3, 3, 8]);
    let sum = matrix(new Float64Array(12 * 8), 12, 8);
    for (let j = 0; j < 3; j++) {
      const row = (m: Matrix) => m.data.subarray(j * m.cols, (j + 1) * m.cols);
      const narrow = times(host.diagonal(row(gamma!)), a, host.diagonal(row(lambda!)));
      sum = plus(sum, times(host.columns(b, 3 * j, 3 * j + 3), host.transpose(narrow)));
    }
    const increment = host.scale(2, x === w ? sum : host.transpose(sum));
    assertLess(relativeError(merged(adapter, at), plus(x, increment)), 1e-14);
    const { sigma } = await host.svd(increment);
    assertGreater(sigma.at(-1)!, 1e-6 * sigma[0]!);
    bases.push(at.frozen.a!, at.frozen.b!);
  }
  assertEquals(bases[0], bases[2]);
  assertEquals(bases[1], bases[3]);
  assertEquals(adapter.trainables([8, 12]), 33);
  const small = movedFrom(await attachHost(adapter, gaussian(new Random(3), 5, 4)));
  assertEquals([small.frozen.a, small.frozen.b], bases.slice(0, 2));
  const { u } = adapter.factors!(host, tensorsOf(small));
  assertEquals(u, matrixOf(5, 6, (i, j) => bases[1]!.data[i * bases[1]!.cols + j]!));
  const wide = randlora.tuned({ rank: 32, inputs: 3072, outputs: 3072 });
  assertEquals(28 * (wide.trainables([3072, 3072]) + wide.trainables([3072, 1024])), 9_289_728);
  assertEquals(Object.keys(tensorsOf(await attachHost(adapter, w))).sort(), [
    ...["a", "b", "base", "gamma", "lambda", "scale"],
  ]);
});
