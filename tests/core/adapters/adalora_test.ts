/** AdaLoRA's regulariser, importance, budget and masks. */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  adalora,
  adaptedNetwork,
  allocated,
  type Attached,
  budgetAt,
  compressStates,
  importance,
  initialStates,
  type Layer,
  type Matrix,
  matrix,
  mergedWeight,
  Random,
  type Tensor,
  tensorsIn,
  train,
  type WeightStates,
} from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { attachHost, differences, hostFlows, misfit, movedFrom } from "../../support/adapters.ts";
import { onBackend } from "../../support/algebras.ts";
import { gaussian, host, minus, norm, relativeError } from "../../support/matrices.ts";
import { shortRun } from "../../support/training.ts";

const w = gaussian(new Random(1), 12, 8);
const target = gaussian(new Random(2), 12, 8);

Deno.test("adalora: the regulariser of all factors is in the flows, its mean over the network", async () => {
  const adapter = adalora.tuned({ rank: 2, orthogonality: 0.5, matrices: 3 });
  const at = movedFrom(await attachHost(adapter, w));
  const gap = (x: Matrix) =>
    norm(minus(host.multiply(x, x, { transposeLeft: true }), host.identity(2)));
  const loss = (x: Attached<Matrix>) =>
    misfit(adapter, x, target) + 0.5 * (gap(x.trained.u!) + gap(x.trained.v!)) / 6;
  const flows = hostFlows(adapter, at, minus(target, mergedWeight(host, adapter, at)));
  for (const name of ["u", "v", "e"]) {
    assertLess(relativeError(flows[name]!, differences(loss, at, name)), 1e-8, name);
  }
  const orthonormal = { ...at.trained, u: (await host.qr(at.trained.u!)).q };
  const still = hostFlows(
    adapter,
    { ...at, trained: orthonormal },
    matrix(new Float64Array(96), 12, 8),
  );
  assert(still.u!.data.every(Number.isFinite));
});

Deno.test("adalora: the scale is α by the rank at the start, and stays", async () => {
  const { frozen } = await attachHost(adalora.tuned({ rank: 12, target: 3, alpha: 6 }), w);
  assertEquals(frozen.scale!.data[0], 6 / (12 + 1e-5));
});

Deno.test("adalora: the budget falls by a cube from the ranks of the start to those of the end", () => {
  const phases = { before: 10, after: 20 };
  const at = (t: number) => budgetAt(t, 100, [36, 24], phases);
  assertEquals([at(0), at(10), at(80), at(100)], [36, 36, 24, 24]);
  assertEquals(at(45), Math.floor(24 + 12 * 0.5 ** 3));
  const all = Array.from({ length: 101 }, (_, t) => at(t));
  assert(all.every((b, t) => t === 0 || b <= all[t - 1]!));
  const error = assertThrows(() => budgetAt(1, 30, [2, 1], phases), RangeError);
  assertEquals(
    error.message,
    "Cannot allocate ranks: expected more steps than the 10 before and 20 after, got 30",
  );
});

const budget = { rank: 3, target: 2, before: 0, after: 2, every: 1, beta1: 0.85, beta2: 0.85 };

/** A step of a weight as its mover takes it, along given flows. */
async function stepped(
  at: Attached<Matrix>,
  flows: Record<string, Matrix>,
  done: number,
  all = 10,
): Promise<Attached<Matrix>> {
  const adapter = adalora.tuned(budget);
  const moment = { progress: done / all, final: false, count: { done, all } };
  const moments = { momentsBefore: undefined, moments: undefined };
  return (await adapter.settle!(host, { before: at, after: at, flows, moment, ...moments })).at;
}

/** A weight whose triplets matter as the given numbers say. */
async function mattering(seed: number): Promise<Attached<Matrix>> {
  let at = movedFrom(await attachHost(adalora.tuned(budget), w, { random: new Random(seed) }));
  for (let k = 0; k < 3; k++) {
    const flows = Object.entries(at.trained).map(([key, x]) =>
      [key, gaussian(new Random(seed + 10 * k), x.rows, x.cols)] as const
    );
    at = await stepped(at, Object.fromEntries(flows), k);
  }
  return at;
}

Deno.test("adalora: importance is that of smoothed sensitivities times how they vary", async () => {
  const begun = movedFrom(await attachHost(adalora.tuned(budget), w));
  const flows = [5, 6].map((seed) =>
    Object.fromEntries(
      Object.entries(begun.trained).map(([key, x]) => [
        key,
        gaussian(new Random(seed), x.rows, x.cols),
      ]),
    )
  );
  let at = begun;
  for (const f of flows) at = await stepped(at, f, 0);
  const score = (name: string, i: number): number => {
    let [mean, spread] = [0, 0];
    for (const f of flows) {
      const now = Math.abs(begun.trained[name]!.data[i]! * f[name]!.data[i]!);
      mean = 0.85 * mean + 0.15 * now;
      spread = 0.85 * spread + 0.15 * Math.abs(now - mean);
    }
    return mean * spread;
  };
  const found = importance(host, at).data;
  for (let k = 0; k < 3; k++) {
    let wanted = score("e", k);
    for (let i = 0; i < 12; i++) wanted += score("u", 3 * i + k) / 12;
    for (let j = 0; j < 8; j++) wanted += score("v", 3 * j + k) / 8;
    assertLess(Math.abs(found[k]! - wanted), 1e-14 + 1e-12 * wanted);
  }
});

Deno.test("adalora: triplets at or below the threshold go, over the whole network, and may come back", async () => {
  const all = new Map([["a", await mattering(1)], ["b", await mattering(2)]]);
  const of = (done: number) =>
    allocated(host, all, { progress: 0, final: false, count: { done, all: 10 } }, budget);
  const scores = [...all.values()].flatMap((at) => [...importance(host, at).data]);
  for (const done of [3, 5, 7]) {
    const kept = budgetAt(done + 1, 10, [6, 4], budget);
    const threshold = scores.toSorted((x, y) => x - y)[6 - kept - 1] ?? -Infinity;
    const found = await of(done);
    let rank = 0;
    for (const [name, at] of found) {
      const row = importance(host, all.get(name)!).data;
      row.forEach((s, i) => {
        const e = all.get(name)!.trained.e!.data[i]!;
        assertEquals(at.trained.e!.data[i], s > threshold ? e : 0);
      });
      assertEquals(at.trained.u, all.get(name)!.trained.u);
      rank += at.numbers!.rank!;
    }
    assertEquals(rank, kept);
  }
  const last = await of(7);
  const revived = new Map([...last].map(([name, at]) => [
    name,
    { ...at, trained: { ...at.trained, e: all.get(name)!.trained.e! } },
  ]));
  const moment = { progress: 0, final: false, count: { done: 8, all: 10 } };
  const after = await allocated(host, revived, moment, budget);
  for (const [name, at] of after) assertEquals(at.trained.e, last.get(name)!.trained.e);
  const uncounted = await allocated(host, all, { progress: 0, final: false }, budget);
  assertEquals(uncounted, all);
});

Deno.test({
  ...await onBackend(
    "wasm",
    "adalora: a run ends with the ranks that its budget has",
  ),
  fn: async () => {
    const plain = perceptron({ sizes: [36, 12, 10, 4] });
    const network: Layer = adaptedNetwork(plain, {
      groups: [
        { match: "*.weight", adapter: "adalora", settings: { rank: 4, target: 1, after: 3 } },
      ],
      full: ["*.bias"],
    });
    const o = await shortRun({ backend: "wasm", network, rule: adam.create(), rate: () => 0.03 });
    const start = async (): Promise<WeightStates> => {
      const dense = await initialStates(o.method, plain, 1);
      const { states } = await compressStates(o.method, network, dense);
      for (const t of tensorsIn(dense)) t.dispose();
      return states;
    };
    const { state } = await train({ ...o, start });
    const ranks: number[] = [];
    for (const { name, format, settings } of network.weights) {
      if (format !== "adalora") continue;
      assertEquals(settings!.matrices, 3);
      const { trained, numbers } = state.states[name] as unknown as {
        trained: { e: Tensor };
        numbers: { rank: number };
      };
      const e = await o.method.engine.read(trained.e);
      assertEquals(e.filter((x) => x !== 0).length, numbers.rank);
      ranks.push(numbers.rank);
    }
    assertEquals(ranks.reduce((sum, r) => sum + r, 0), 3);
    for (const t of tensorsIn(state.states)) t.dispose();
  },
});
