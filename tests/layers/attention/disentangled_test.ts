/** Scores of content and distance, from the formulas. */

import { assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  currentPoints,
  disposeStates,
  initialStates,
  type Layer,
  Pass,
  Random,
} from "../../../core/mod.ts";
import { disentangled, distanceRow, kaimingNormal } from "../../../layers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { methodOf } from "../../support/training.ts";

Deno.test("near distances have rows of their own, farther ones share rows, and signs do not mix", () => {
  const distances = { buckets: 8, farthest: 32 };
  const rows = (ds: readonly number[]) => ds.map((d) => distanceRow(d, distances));
  assertEquals(rows([-4, -3, 0, 1, 4]), [4, 5, 8, 9, 12]);
  // β(δ) = ⌈3 ln(δ/4) / ln(31/4)⌉ + 4 for δ above 4.
  assertEquals(rows([5, 7, 8, 15, 16, 31]), [13, 13, 14, 14, 15, 15]);
  assertEquals(rows([-5, -8, -31]), [3, 2, 1]);
  assertEquals(rows([32, 1000, -1000]), [15, 15, 0]);
});

Deno.test("distances that say nothing are refused", () => {
  const vectors = () => {
    throw new Error("not asked for");
  };
  for (const distances of [{ buckets: 1, farthest: 8 }, { buckets: 8, farthest: 5 }]) {
    assertThrows(() => disentangled(distances, vectors), RangeError, "Cannot tell distances");
  }
});

const [BATCH, TOKENS, WIDTH, HEADS] = [2, 5, 6, 2] as const;
const DISTANCES = { buckets: 4, farthest: 5 } as const;

type Rows = readonly (readonly number[])[];

const rowsOf = (x: ArrayLike<number>, width: number): number[][] =>
  Array.from(
    { length: x.length / width },
    (_, i) => Array.from({ length: width }, (_, j) => x[i * width + j]!),
  );

const dot = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((sum, v, i) => sum + v * y[i]!, 0);

/** x W + b, W inputs×outputs. */
const mapped = (x: Rows, w: Rows, b: readonly number[]): number[][] =>
  x.map((row) => b.map((bias, j) => bias + dot(row, w.map((line) => line[j]!))));

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(backend, "attention by content and distance follows its formula"),
    fn: async () => {
      const method = await methodOf({ backend });
      const { engine } = method;
      const random = new Random(3);
      const [x, far] = [BATCH * TOKENS, 2 * DISTANCES.buckets].map((rows) =>
        random.fillNormal(new Float32Array(rows * WIDTH))
      );
      await engine.scope(async () => {
        const vectors = engine.tensor(far!, [2 * DISTANCES.buckets, WIDTH]);
        const layer = disentangled(DISTANCES, () => vectors).create({
          ...{ name: "a", width: WIDTH, heads: HEADS, bias: true, initialiser: kaimingNormal },
        });
        const network: Layer = { weights: layer.weights, forward: (_, x) => x };
        const states = await initialStates(method, network, 5);
        const points = currentPoints(network, states);
        const pass = new Pass(engine, network, points, { training: false });
        const y = layer.forward(pass, engine.tensor(x!, [BATCH * TOKENS, WIDTH]), {
          ...{ batch: BATCH, tokens: TOKENS },
        });
        const weight = async (name: string, width: number) =>
          rowsOf(await engine.read(pass.dense(name)), width);
        const map = async (part: string, rows: Rows) =>
          mapped(
            rows,
            await weight(`a.${part}.weight`, WIDTH),
            (await weight(`a.${part}.bias`, WIDTH))[0]!,
          );
        const tokens = rowsOf(x!, WIDTH);
        const [q, k, v] = await Promise.all(
          ["query", "key", "value"].map((part) => map(part, tokens)),
        );
        const [rq, rk] = await Promise.all(
          ["query", "key"].map((part) => map(part, rowsOf(far!, WIDTH))),
        );
        const size = WIDTH / HEADS;
        const seen = tokens.map((_, at) => {
          const first = at - at % TOKENS;
          const i = at % TOKENS;
          return Array.from({ length: HEADS }, (_, h) => {
            const of = (row: readonly number[]) => row.slice(h * size, (h + 1) * size);
            const scores = Array.from({ length: TOKENS }, (_, j) => {
              const r = distanceRow(i - j, DISTANCES);
              const sum = dot(of(q![at]!), of(k![first + j]!)) + dot(of(q![at]!), of(rk![r]!)) +
                dot(of(k![first + j]!), of(rq![r]!));
              return Math.exp(sum / Math.sqrt(3 * size));
            });
            const total = scores.reduce((a, b) => a + b);
            return Array.from(
              { length: size },
              (_, e) => scores.reduce((sum, s, j) => sum + s / total * of(v![first + j]!)[e]!, 0),
            );
          }).flat();
        });
        const expected = (await map("output", seen)).flat();
        const found = await engine.read(y);
        const worst = expected.reduce((most, e, i) => Math.max(most, Math.abs(e - found[i]!)), 0);
        assertLess(worst, 1e-5);
        disposeStates(states, {});
      });
    },
  });
}
