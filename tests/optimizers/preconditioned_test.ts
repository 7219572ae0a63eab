/** The exact limits of Shampoo, SOAP, Adafactor and MoFaSGD, in float64 and on an engine. */

import { assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { type Matrix, matrixOf, Random, transposed, type Updated } from "../../core/mod.ts";
import { optimizers, soap } from "../../optimizers/mod.ts";
import { gaussian, host, minus, norm, orthonormal, plus, times } from "../support/matrices.ts";
import { testAlgebras } from "../support/algebras.ts";
import { closeIn, course, flowsOf, get, RATE, SHAPES } from "./courses.ts";

/** U Vᵀ of the SVD. */
async function polar(x: Matrix): Promise<Matrix> {
  const { p, q } = await host.svd(x);
  return times(p, transposed(q));
}

await testAlgebras(
  "shampoo's first step is along the polar factor of the gradient",
  async (a, t) => {
    for (const maxSide of [2048, 5]) {
      for (const [m, n] of SHAPES) {
        const flow = gaussian(new Random(m), m, n);
        const settings = { epsilon: 1e-9, maxSide };
        const { values } = await course(a, ["shampoo", settings], host.zeros(m, n), [flow]);
        const got = host.scale(1 / RATE, values[0]!);
        // The diagonal that sums start from moves values by its share of the smallest square.
        assertLess(norm(minus(got, await polar(flow))), Math.max(1e-7, 100 * t.relative));
      }
    }
  },
);

await testAlgebras("shampoo and soap turn with the problem, adam does not", async (a, t) => {
  const random = new Random(1);
  const [q1, q2] = [await orthonormal(random, 5, 5), await orthonormal(random, 5, 5)];
  const turn = (x: Matrix): Matrix => times(q1, x, q2);
  const [x, flows] = [gaussian(random, 5, 5), flowsOf(random, 5, 5, 8)];
  const apart = async (name: string, settings = {}) => {
    const plain = (await course(a, [name, settings], x, flows)).values.at(-1)!;
    const turned = (await course(a, [name, settings], turn(x), flows.map(turn))).values.at(-1)!;
    return norm(minus(turned, turn(plain))) / norm(minus(plain, x));
  };
  assertLess(await apart("shampoo"), 100 * closeIn(t));
  // Bases of a power iteration a step: rounding grows along it.
  assertLess(await apart("soap", { every: 1 }), Math.max(1e-4, 1000 * t.relative));
  assertGreater(await apart("adam"), 0.3);
});

await testAlgebras("soap without bases is its base rule, after a first look", async (a, t) => {
  const random = new Random(2);
  const [x, flows] = [gaussian(random, 4, 6), flowsOf(random, 4, 6, 6)];
  const { values } = await course(a, ["soap", { maxSide: 1 }], x, flows);
  assertLess(norm(minus(values[0]!, x)), closeIn(t), "the first step only looks");
  const wanted = (await course(host, ["adam"], x, flows.slice(1))).values.at(-1)!;
  assertLess(norm(minus(values.at(-1)!, wanted)), 10 * closeIn(t));
});

await testAlgebras("soap is its base rule in bases that stand still", async (a, t) => {
  const random = new Random(3);
  const [x, flows] = [gaussian(random, 4, 5), flowsOf(random, 4, 5, 6)];
  const { values, states } = await course(a, ["soap", { every: 100 }], x, flows);
  type Side = { readonly basis: never };
  const [q, p] = [
    await get(a, (states.at(-1)!.left as unknown as Side).basis),
    await get(a, (states.at(-1)!.right as unknown as Side).basis),
  ];
  const into = (w: Matrix): Matrix => times(transposed(q), w, p);
  const inside = (await course(host, ["adam"], into(x), flows.slice(1).map(into))).values.at(-1)!;
  const got = values.at(-1)!;
  assertLess(norm(minus(into(got), inside)), 100 * closeIn(t));
});

Deno.test("soap refuses a base rule that cannot follow its bases", () => {
  const error = assertThrows(() => soap.create({ base: "galore" }), RangeError);
  assertEquals(
    error.message,
    'Cannot base optimizer "soap" on "galore": expected one that carries its state into other ' +
      'bases, such as "adam"',
  );
});

/** Entries of one row times entries of one column: squares of rank one. */
function outer(rows: readonly number[], columns: readonly number[], sign: Random): Matrix {
  return matrixOf(rows.length, columns.length, (i, j) => {
    return (sign.uniform() < 0.5 ? -1 : 1) * rows[i]! * columns[j]!;
  });
}

await testAlgebras("adafactor is unfactored where squares have rank one", async (a, t) => {
  const flow = outer([1, 0.1, 30], [2, 0.5, 1e-3, 4], new Random(4));
  const { values } = await course(a, ["adafactor", { clip: 99 }], host.zeros(3, 4), [flow, flow]);
  const signs = { ...flow, data: flow.data.map((v) => 2 * RATE * Math.sign(v)) };
  assertLess(norm(minus(values[1]!, signs)), closeIn(t));
});

await testAlgebras(
  "adafactor does not see the length of gradients, and cuts its own",
  async (a, t) => {
    const random = new Random(5);
    const flows = flowsOf(random, 5, 4, 3);
    const end = async (c: number) => {
      const scaled = flows.map((flow) => host.scale(c, flow));
      return (await course(a, ["adafactor"], host.zeros(5, 4), scaled)).values;
    };
    const [plain, longer] = [await end(1), await end(50)];
    assertLess(norm(minus(plain.at(-1)!, longer.at(-1)!)), 10 * closeIn(t));
    assertLess(norm(plain[0]!), RATE * Math.sqrt(20) * (1 + 1e-5));
  },
);

await testAlgebras("adafactor keeps still where rows and columns have no gradient", async (a) => {
  const flow = gaussian(new Random(6), 4, 5);
  const dead = (k: number) => Math.floor(k / 5) === 2 || k % 5 === 1;
  const some = { ...flow, data: flow.data.map((v, k) => dead(k) ? 0 : v) };
  const { values } = await course(a, ["adafactor"], host.zeros(4, 5), [some, some]);
  values[1]!.data.forEach((v, k) => {
    if (dead(k)) assertEquals(v, 0);
    else assertGreater(Math.abs(v), 0.001);
  });
});

await testAlgebras("mofasgd of full rank is muon by the polar factor", async (a, t) => {
  for (const [m, n] of SHAPES) {
    const random = new Random(m);
    const [x, flows] = [gaussian(random, m, n), flowsOf(random, m, n, 5)];
    const got = (await course(a, ["mofasgd", { rank: 9 }], x, flows)).values.at(-1)!;
    let [mean, wanted] = [host.zeros(m, n), x];
    for (const flow of flows) {
      mean = host.lincomb(0.95, mean, 0.05, flow);
      wanted = host.lincomb(1, wanted, RATE, await polar(mean));
    }
    assertLess(norm(minus(got, wanted)), 20 * closeIn(t), `${m}×${n}`);
  }
});

await testAlgebras(
  "mofasgd averages gradients in the span of its momentum exactly",
  async (a, t) => {
    const random = new Random(7);
    for (const [m, n] of SHAPES) {
      const [u, v] = [await orthonormal(random, m, 2), await orthonormal(random, n, 2)];
      const flows = [0, 1, 2].map(() => times(u, gaussian(random, 2, 2), transposed(v)));
      const { states } = await course(a, ["mofasgd", { rank: 2 }], host.zeros(m, n), flows);
      const last = states.at(-1)! as Record<string, never>;
      const [left, sigma, right] = [
        await get(a, last.u!),
        await get(a, last.sigma!),
        await get(a, last.v!),
      ];
      const wanted = flows.reduce(
        (mean, flow) => host.lincomb(0.95, mean, 0.05, flow),
        host.zeros(m, n),
      );
      const got = times(left, host.diagonal(sigma.data), transposed(right));
      assertLess(norm(minus(got, wanted)), closeIn(t), `${m}×${n}`);
    }
  },
);

await testAlgebras(
  "mofasgd keeps orthonormal factors and takes steps of length √r",
  async (a, t) => {
    const random = new Random(8);
    for (const [m, n] of SHAPES) {
      const flows = flowsOf(random, m, n, 6);
      const { values, states } = await course(a, ["mofasgd", { rank: 3 }], host.zeros(m, n), flows);
      for (const [k, state] of states.entries()) {
        const u = await get(a, state.u as never);
        const gram = times(transposed(u), u);
        assertLess(norm(minus(gram, host.identity(3))), 10 * t.orthonormal);
        const step = k === 0 ? values[0]! : minus(values[k]!, values[k - 1]!);
        assertLess(Math.abs(norm(step) / RATE - Math.sqrt(3)), 10 * closeIn(t));
      }
    }
  },
);

await testAlgebras(
  "mofasgd stands still without gradient, and leaves out what vanishes",
  async (a) => {
    const random = new Random(9);
    const x = gaussian(random, 5, 4);
    const { values, states } = await course(a, ["mofasgd", { rank: 3 }], x, [host.zeros(5, 4)]);
    assertLess(norm(minus(values[0]!, x)), 1e-6);
    assertEquals(states, []);
    const rankOne = times(gaussian(random, 5, 1), gaussian(random, 1, 4));
    const along = (await course(a, ["mofasgd", { rank: 3 }], x, [rankOne, rankOne])).values[1]!;
    const { sigma } = await host.svd(minus(along, x));
    assertGreater(sigma[0]!, 0.19);
    assertLess(sigma[1]!, 1e-4);
    assertLess(norm(minus(plus(along, x), host.scale(2, x))), 0.21);
  },
);

/** Best loss that 200 steps of linearly falling size reach on ½ ‖D₁ W D₂‖² in turned coordinates. */
async function descent(name: string, turn: (x: Matrix) => Matrix, back: (x: Matrix) => Matrix) {
  const weights = (x: Matrix) =>
    matrixOf(16, 16, (i, j) => 10 ** ((i + j) / 7.5) * x.data[i * 16 + j]!);
  let best = Infinity;
  for (const rate of [0.01, 0.03, 0.1]) {
    const rule = optimizers.get(name).create();
    let now: Updated<Matrix> = { value: turn(gaussian(new Random(10), 16, 16)) };
    for (let k = 0; k < 200; k++) {
      const flow = turn(host.scale(-1, weights(back(now.value))));
      const step = { rate: rate * (1 - k / 200), decay: 0 };
      now = await rule.update(host, now.value, flow, step, now.state);
    }
    const w = back(now.value);
    const loss = weights(w).data.reduce((sum, g, k) => sum + g * w.data[k]! / 2, 0);
    best = Math.min(best, loss);
  }
  return best;
}

Deno.test("soap comes as far in turned coordinates, where adam falls behind", async () => {
  const random = new Random(11);
  const [q1, q2] = [await orthonormal(random, 16, 16), await orthonormal(random, 16, 16)];
  const still = (x: Matrix): Matrix => x;
  const turn = (x: Matrix): Matrix => times(q1, x, q2);
  const back = (x: Matrix): Matrix => times(transposed(q1), x, transposed(q2));
  const soapRatio = await descent("soap", turn, back) / await descent("soap", still, still);
  const adamRatio = await descent("adam", turn, back) / await descent("adam", still, still);
  assertLess(Math.max(soapRatio, 1 / soapRatio), 1.5);
  assertGreater(adamRatio, 5);
});
