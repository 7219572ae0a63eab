/** What is exactly true of a round, whatever the data. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  augmentedBug,
  type Correction,
  corrections,
  denseField,
  denseTensorField,
  federatedRound,
  fullCorrection,
  type Holder,
  type Matrix,
  noCorrection,
  NonFiniteError,
  optimizerStepper,
  relativeFrobenius,
  type RoundOptions,
  type RoundOutcome,
  sharedMatrices,
  type SharedMatrix,
  sharedMatrix,
  type SharedTucker,
  sharedTucker,
  type SharedWeight,
  simplifiedCorrection,
  simulatedClients,
  toDense,
  tuckerIntegrators,
  tuckerToDense,
} from "../../../core/mod.ts";
import { adam, sgd } from "../../../optimizers/mod.ts";
import {
  a,
  federationOf,
  gaussian,
  lossOf,
  lowRankPoint,
  matrixHolder,
  pull,
  pullFlow,
  tensor,
  tuckerHolder,
  tuckerPoint,
  whole,
} from "./problem.ts";

const [M, N, R] = [12, 9, 3] as const;
const RATE = 0.01;
const COUNTS = [10, 30, 20];
const pulls = COUNTS.map((_, c) => pull(c, M, N));
const point = await lowRankPoint(M, N, R);

const distance = (x: Matrix, y: Matrix): Promise<number> => a.norm(a.lincomb(1, x, -1, y));

/** One round of all holders from a weight. */
function round(
  correction: Correction,
  holders: readonly Holder<Matrix>[],
  weight: SharedWeight<Matrix>,
  o: Partial<RoundOptions> = {},
): Promise<RoundOutcome<Matrix>> {
  const f = federationOf(correction);
  const participants = [...holders.keys()];
  const options = { round: 0, rate: RATE, steps: 1, participants, ...o };
  return federatedRound(f, simulatedClients(f, holders), { w: weight }, options);
}

const clients = (): Holder<Matrix>[] => pulls.map((p, c) => matrixHolder(p, COUNTS[c]));

for (const correction of [noCorrection, simplifiedCorrection, fullCorrection]) {
  const { name } = correction;

  Deno.test(`one client and one local step with correction "${name}" is one augmented step`, async () => {
    const { weights } = await round(correction, [clients()[0]!], sharedMatrix(a, point));
    const stepper = optimizerStepper(sgd.create());
    const truncation = { rule: relativeFrobenius, tolerance: 1e-13 };
    const step = augmentedBug.step(a, point, RATE, { stepper, truncation });
    await step.next();
    const f = denseField(a, pullFlow(pulls[0]!, toDense(a, point)));
    const { value } = await step.next(f);
    assert("y" in value);
    assertLess(await distance(whole(weights.w!), toDense(a, value.y)), 1e-13);
  });

  Deno.test(`one client of Tucker tensors with correction "${name}" takes one augmented step`, async () => {
    const target = tensor("target", [5, 6, 4]);
    const y = await tuckerPoint([5, 6, 4], [2, 3, 2]);
    const { weights } = await round(correction, [tuckerHolder(target)], sharedTucker(a, y));
    const stepper = optimizerStepper(sgd.create());
    const truncation = { rule: relativeFrobenius, tolerance: 1e-13 };
    const integrator = tuckerIntegrators.get("augmented-tucker-bug");
    const step = integrator.step(a, y, RATE, { stepper, truncation });
    await step.next();
    const data = a.lincomb(1, target.data, -1, tuckerToDense(a, y).data);
    const { value } = await step.next(denseTensorField(a, { shape: target.shape, data }));
    assert("y" in value);
    const found = tuckerToDense(a, (weights.w as SharedTucker<Matrix>).y).data;
    assertLess(await distance(found, tuckerToDense(a, value.y).data), 1e-12);
  });

  Deno.test(`one local step with correction "${name}" is one step on the mean loss`, async () => {
    const { weights } = await round(correction, clients(), sharedMatrix(a, point));
    const mean = COUNTS.map((n, c) => a.scale(n / 60, pullFlow(pulls[c]!, toDense(a, point))))
      .reduce((x, y) => a.lincomb(1, x, 1, y));
    const one: Holder<Matrix> = {
      ...clients()[0]!,
      look: async ({ w }, sample) => {
        const seen = await matrixHolder({ ...pulls[0]! }).look({ w: w! }, sample);
        const { y } = w as SharedMatrix<Matrix>;
        const field = denseField(a, mean);
        return {
          ...seen,
          flows: {
            w: {
              directions: () => Promise.resolve([field.times(y.v), field.adjointTimes(y.u)]),
              coordinates: () => Promise.resolve([field.galerkin(y.u, y.v)]),
            },
          },
        };
      },
    };
    const alone = await round(noCorrection, [one], sharedMatrix(a, point));
    assertLess(await distance(whole(weights.w!), whole(alone.weights.w!)), 1e-12);
  });

  Deno.test(`identical clients drift nowhere with correction "${name}", which is then zero`, async () => {
    const same = [0, 1, 2].map(() => clients()[1]!);
    const { weights, drift } = await round(correction, same, sharedMatrix(a, point), { steps: 5 });
    const one = await round(noCorrection, [clients()[1]!], sharedMatrix(a, point), { steps: 5 });
    assertLess(await distance(whole(weights.w!), whole(one.weights.w!)), 1e-12);
    assertLess(drift, 1e-6);
  });
}

/** Local steps of all clients, as a correction sees them. */
function watching(correction: Correction): {
  readonly watched: Correction;
  readonly shifts: Matrix[];
} {
  const shifts: Matrix[] = [];
  const watched: Correction = {
    ...correction,
    flow(b, step) {
      shifts.push(step.shift as Matrix);
      return correction.flow(b, step);
    },
  };
  return { watched, shifts };
}

for (const correction of [simplifiedCorrection, fullCorrection]) {
  for (const form of ["low-rank", "dense"]) {
    Deno.test(`shifts of "${correction.name}" sum to zero over clients, ${form}`, async () => {
      const { watched, shifts } = watching(correction);
      const weight = form === "dense"
        ? sharedMatrices([toDense(a, point)])
        : sharedMatrix(a, point);
      await round(watched, clients(), weight);
      assertEquals(shifts.length, 3);
      const sum = shifts.map((s, c) => a.scale(COUNTS[c]! / 60, s))
        .reduce((x, y) => a.lincomb(1, x, 1, y));
      assert(await a.norm(shifts[0]!) > 1, "they are not all zero");
      assertLess(await a.norm(sum), 1e-12 * await a.norm(shifts[0]!));
    });
  }
}

Deno.test("the simplified shift is that of the old block, and zero elsewhere", async () => {
  const full = watching(fullCorrection);
  const simplified = watching(simplifiedCorrection);
  await round(full.watched, clients(), sharedMatrix(a, point));
  await round(simplified.watched, clients(), sharedMatrix(a, point));
  const inside = (x: Matrix, old: boolean): number[] =>
    [...x.data].filter((_, i) => (i % x.cols < R && i < R * x.cols) === old);
  assertEquals([full.shifts[1]!.rows, simplified.shifts[1]!.rows], [2 * R, 2 * R]);
  inside(full.shifts[1]!, true).forEach((x, i) =>
    assertAlmostEquals(x, inside(simplified.shifts[1]!, true)[i]!, 1e-12)
  );
  assertEquals(inside(simplified.shifts[1]!, false).filter((x) => x !== 0), []);
});

Deno.test("the mean of the cores is the mean of the weights", async () => {
  const ends: Matrix[] = [];
  const f = federationOf();
  const holders = clients();
  const simulated = simulatedClients(f, holders);
  let bases: SharedWeight<Matrix> | undefined;
  const spied: typeof simulated = {
    ...simulated,
    ask: (who, request, initial, fold) => {
      if (request.columns) bases = sharedMatrix(a, point).grown(request.columns.w!);
      return simulated.ask(who, request, initial, (sum, client, answer) => {
        if (request.stage === "train") ends.push(whole(bases!.withCoordinates(answer.values.w!)));
        return fold(sum, client, answer);
      });
    },
  };
  const options = { round: 0, rate: RATE, steps: 4, participants: [0, 1, 2] };
  const { weights, drift } = await federatedRound(f, spied, { w: sharedMatrix(a, point) }, options);
  const mean = ends.map((w, c) => a.scale(COUNTS[c]! / 60, w))
    .reduce((x, y) => a.lincomb(1, x, 1, y));
  assertLess(await distance(mean, whole(weights.w!)), 1e-12);
  let square = 0;
  for (const [c, w] of ends.entries()) square += COUNTS[c]! / 60 * await squared(w, mean);
  assertAlmostEquals(drift, Math.sqrt(square), 1e-10);
});

async function squared(x: Matrix, y: Matrix): Promise<number> {
  const d = await distance(x, y);
  return d * d;
}

Deno.test("growing bases leave the loss of every client as it was", async () => {
  const weight = sharedMatrix(a, point);
  const columns = await weight.newColumns([gaussian("k", M, R), gaussian("l", N, R)]);
  const grown = weight.grown(columns);
  assertEquals(grown.coordinates[0]!.rows, 2 * R);
  for (const p of pulls) {
    assertAlmostEquals(lossOf(p, whole(grown)), lossOf(p, whole(weight)), 1e-11);
  }
  const y = await tuckerPoint([5, 6, 4], [2, 3, 2]);
  const tucker = sharedTucker(a, y);
  const ks = y.factors.map((u, k) => gaussian(`k${k}`, u.rows, u.cols));
  const larger = tucker.grown(await tucker.newColumns(ks)) as SharedTucker<Matrix>;
  assertEquals(larger.y.core.shape, [4, 6, 4]);
  const [before, after] = [tuckerToDense(a, y).data, tuckerToDense(a, larger.y).data];
  assertLess(await distance(before, after), 1e-13);
});

/** What a round of n×n at rank r sends to and from one client, in numbers. */
const COST = {
  none: { low: (n: number, r: number) => 6 * n * r + 5 * r * r, exchanges: 2 },
  simplified: { low: (n: number, r: number) => 6 * n * r + 6 * r * r, exchanges: 2 },
  full: { low: (n: number, r: number) => 6 * n * r + 10 * r * r, exchanges: 3 },
};
/** The published bounds of the terms in r². */
const PUBLISHED = { none: 6, simplified: 8, full: 10 };

for (const [name, { low, exchanges }] of Object.entries(COST)) {
  Deno.test(`a round with correction "${name}" sends no more than is published`, async () => {
    const [n, r] = [16, 3];
    const holders = [0, 1].map((c) => matrixHolder(pull(c, n, n)));
    const weight = sharedMatrix(a, await lowRankPoint(n, n, r));
    const { traffic } = await round(corrections.get(name), holders, weight, { steps: 2 });
    assertEquals((traffic.down + traffic.up) / 8, 2 * low(n, r));
    assertEquals(traffic.exchanges, exchanges);
    const bound = 6 * n * r + PUBLISHED[name as keyof typeof PUBLISHED] * r * r;
    assert(low(n, r) <= bound);
  });
}

Deno.test("dense rounds send 2 n² numbers in one exchange, with the full correction 4 n² in two", async () => {
  const n = 16;
  const holders = [matrixHolder(pull(0, n, n))];
  const weight = sharedMatrices([gaussian("dense", n, n)]);
  const plain = await round(noCorrection, holders, weight);
  assertEquals(plain.traffic, { down: 8 * n * n, up: 8 * n * n, exchanges: 1 });
  const lin = await round(fullCorrection, holders, weight);
  assertEquals(lin.traffic, { down: 16 * n * n, up: 16 * n * n, exchanges: 2 });
});

Deno.test("a proximal pull holds clients back", async () => {
  const { weights: free } = await round(noCorrection, clients(), sharedMatrix(a, point), {
    steps: 9,
  });
  const pulled = corrections.get("proximal").tuned!({ strength: 50 });
  const { weights: held } = await round(pulled, clients(), sharedMatrix(a, point), { steps: 9 });
  const start = toDense(a, point);
  assertLess(await distance(whole(held.w!), start), 0.9 * await distance(whole(free.w!), start));
});

Deno.test("any optimizer rule moves the cores, from a fresh state in every round", async () => {
  const f = federationOf(noCorrection, {}, adam.create());
  const simulated = simulatedClients(f, clients());
  const options = { rate: RATE, steps: 3, participants: [0, 1, 2] };
  const once = await federatedRound(f, simulated, { w: sharedMatrix(a, point) }, {
    ...options,
    round: 0,
  });
  const again = await federatedRound(f, simulated, { w: sharedMatrix(a, point) }, {
    ...options,
    round: 1,
  });
  assertEquals(whole(again.weights.w!).data, whole(once.weights.w!).data);
  const mean = (w: Matrix): number => pulls.reduce((s, p, c) => s + COUNTS[c]! * lossOf(p, w), 0);
  assertLess(mean(whole(once.weights.w!)), mean(toDense(a, point)));
});

Deno.test("who does not answer is left out of the means, and asked no more in the round", async () => {
  const f = federationOf(fullCorrection);
  const asked: string[] = [];
  const simulated = simulatedClients(f, clients(), (client, { stage }) => {
    asked.push(`${stage} ${client}`);
    return !(client === 1 && stage === "compare");
  });
  const options = { round: 0, rate: RATE, steps: 1, participants: [0, 1, 2] };
  const found = await federatedRound(f, simulated, { w: sharedMatrix(a, point) }, options);
  assertEquals(asked, [
    ...["observe 0", "observe 1", "observe 2", "compare 0", "compare 1", "compare 2"],
    ...["train 0", "train 2"],
  ]);
  assertEquals(found.trained, 2);
  const dense = sharedMatrices([toDense(a, point)]);
  const g = federationOf();
  const partly = simulatedClients(g, clients(), (client) => client !== 1);
  const { weights } = await federatedRound(g, partly, { w: dense }, options);
  const two = await round(noCorrection, [clients()[0]!, clients()[2]!], dense);
  assertLess(await distance(whole(weights.w!), whole(two.weights.w!)), 1e-12);
});

Deno.test("where nobody answers the weights stay as they are", async () => {
  for (const stage of ["observe", "compare", "train"]) {
    const f = federationOf(fullCorrection);
    const simulated = simulatedClients(f, clients(), (_, request) => request.stage !== stage);
    const weights = { w: sharedMatrix(a, point) };
    const options = { round: 0, rate: RATE, steps: 1, participants: [0, 2] };
    const found = await federatedRound(f, simulated, weights, options);
    assertEquals([found.weights, found.trained, found.loss], [weights, 0, NaN]);
  }
});

Deno.test("a round that makes no sense is refused", async () => {
  const weight = sharedMatrix(a, point);
  await assertRejects(
    () => round(noCorrection, clients(), weight, { participants: [] }),
    RangeError,
    "Cannot take a round: expected number of participants to be an integer ≥ 1 and ≤ 3, got 0",
  );
  await assertRejects(
    () => round(noCorrection, clients(), weight, { steps: 0 }),
    RangeError,
    "Cannot take a round: expected steps",
  );
  const broken: Holder<Matrix> = {
    count: 1,
    look: async ({ w }, sample) => ({
      ...await clients()[0]!.look({ w: w! }, sample),
      loss: NaN,
    }),
  };
  await assertRejects(
    () => round(noCorrection, [broken], weight),
    NonFiniteError,
    "Cannot take a round: the loss of clients is NaN",
  );
});
