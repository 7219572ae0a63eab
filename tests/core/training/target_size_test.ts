/** Ranks from one tolerance for a whole network, found for a size. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  choose,
  compressStates,
  initialStates,
  Random,
  ranksOf,
  toleranceOfSize,
  type TrainingMethod,
  transposed,
  truncationRules,
  type WeightStates,
} from "../../../core/mod.ts";
import { linear, sequential } from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { gaussian, host, norm, orthonormal, times } from "../../support/matrices.ts";
import { methodOf } from "../../support/training.ts";

const N = 40;

const net = (format: string, rank?: number) =>
  sequential(
    ["a", "b"].map((name) =>
      linear({ name, inputs: N, outputs: N, format, ...(rank && { rank }) })
    ),
  );

/** One flat layer, Gaussian, beside one with singular values 2⁻ⁱ, as large in all. */
async function uneven(method: TrainingMethod): Promise<WeightStates> {
  const random = new Random(3);
  const flat = gaussian(random, N, N);
  const [p, q] = [await orthonormal(random, N, N), await orthonormal(random, N, N)];
  const steep = times(
    p,
    host.diagonal(Array.from({ length: N }, (_, i) => 2 ** -i)),
    transposed(q),
  );
  const own = [flat, host.scale(norm(flat) / norm(steep), steep)];
  const states = await initialStates(method, net("dense"), 1);
  return Object.fromEntries(
    Object.entries(states).map(([name, state]) => {
      const at = ["a.weight", "b.weight"].indexOf(name);
      return [name, at < 0 ? state : { ...state, value: method.algebra.from(own[at]!.data, N, N) }];
    }),
  );
}

Deno.test({
  ...await onBackend("cpu", "one tolerance for a size gives ranks to the layer that needs them"),
  fn: async () => {
    for (const name of ["normalised-spectrum", "relative-frobenius", "absolute-spectral"]) {
      const rule = choose(truncationRules, name);
      const method = await methodOf({ truncation: { rule, tolerance: 0 } });
      await method.engine.scope(async () => {
        const states = await uneven(method);
        const network = net("factored-low-rank");
        // 40 of the 80 ranks, which are as many numbers as the whole matrices have.
        const tolerance = await toleranceOfSize(method, network, states, 1);
        const found = await compressStates(method, network, states, { tolerance });
        const ranks = ranksOf(network, found.states);
        const sum = ranks["a.weight"]! + ranks["b.weight"]!;
        assert(sum <= N && sum >= N - 1, `${name}: ranks ${JSON.stringify(ranks)}`);
        const looser = await compressStates(method, network, states, {
          tolerance: tolerance * (1 - 1e-9),
        });
        const more = ranksOf(network, looser.states);
        assert(more["a.weight"]! + more["b.weight"]! > N, "a smaller tolerance is too large");
        if (name !== "normalised-spectrum") return;
        const even = await compressStates(method, net("factored-low-rank"), states, {
          rank: N / 2,
        });
        const square = (d: Readonly<Record<string, number>>) =>
          Object.values(d).reduce((total, x) => total + x * x, 0);
        assertLess(square(found.discarded), 0.2 * square(even.discarded));
      });
    }
  },
});

Deno.test({
  ...await onBackend(
    "cpu",
    "a size that all ranks meet needs no tolerance, one below rank 1 has none",
  ),
  fn: async () => {
    const rule = choose(truncationRules, "relative-frobenius");
    const method = await methodOf({ truncation: { rule, tolerance: 0.3 } });
    await method.engine.scope(async () => {
      const [states, network] = [await uneven(method), net("factored-low-rank")];
      assertEquals(await toleranceOfSize(method, network, states, 2), 0);
      await assertRejects(
        () => toleranceOfSize(method, network, states, 0.01),
        RangeError,
        "expected at least 0.0500, which the smallest ranks take, got 0.01",
      );
      const tolerance = await toleranceOfSize(method, network, states, 0.05);
      const { states: least } = await compressStates(method, network, states, { tolerance });
      assertEquals(ranksOf(network, least), { "a.weight": 1, "b.weight": 1 });
      assertAlmostEquals(await toleranceOfSize(method, net("dense"), states, 0.5), 0, 0);
    });
  },
});
