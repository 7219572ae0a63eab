/** What pruned, merged, sparse, ordered and sampled weights keep exactly, and where they end. */

import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  adapted,
  byRule,
  dense,
  energyFraction,
  type Evidence,
  factored,
  type Matrix,
  merging,
  motionOf,
  type Mover,
  onSupport,
  type OptimizerRule,
  ordered,
  pruned,
  Random,
  rankPruned,
  type Representation,
  sampledSpectrum,
  sparseLowRank,
  spectralFactors,
  type Tensor,
  tensorsIn,
  type TrainingMethod,
  transposed,
  type WeightPoint,
  type WeightRecord,
  type WeightSpec,
} from "../../../core/mod.ts";
import { moverOf } from "../../../core/training/format.ts";
import { initialisers } from "../../../layers/mod.ts";
import { adam, optimizers, seededRule, sgd } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import {
  dense as product,
  gaussian,
  host,
  minus,
  norm,
  randomLowRank,
  times,
} from "../../support/matrices.ts";
import { type MethodChoice, methodOf, readMatrix } from "../../support/training.ts";

const [ROWS, COLS] = [9, 6];

const SPEC: WeightSpec = {
  name: "a",
  shape: [ROWS, COLS],
  format: "dense",
  initialiser: initialisers.get("kaiming-normal"),
  rank: 2,
};

/** A weight that moves towards a target: the loss is ½ ‖W − A‖² from inputs that are the identity. */
interface Pull {
  readonly method: TrainingMethod;
  readonly representation: Representation;
  readonly mover: Mover;
  readonly target: Matrix;
  readonly spec: WeightSpec;
  readonly rate: number;
}

/** The whole weight at a point. */
function wholeOf({ algebra: a, engine }: TrainingMethod, point: WeightPoint): Tensor {
  const { u, s, v } = point;
  const base = point.value ?? point["base.value"];
  if (!u) return base!;
  const low = a.multiply(a.multiply(u, s!), v!, { transposeRight: true });
  return base ? engine.add(base, low) : low;
}

/** What a pass tells there. */
function evidenceAt({ method, representation, target }: Pull, point: WeightPoint): Evidence {
  const { algebra: a } = method;
  const d = a.lincomb(1, a.from(target.data, ROWS, COLS), -1, wholeOf(method, point));
  const { u, v } = point;
  if (!u || representation.anchor !== "s") return { gradient: d, pairs: [] };
  const dv = a.multiply(d, v!);
  const gradient = a.multiply(u, dv, { transposeLeft: true });
  return { gradient, pairs: [{ x: a.identity(ROWS), d, xu: u, dv }] };
}

/** States after each of so many steps. */
async function course(pull: Pull, state: WeightRecord, count: number): Promise<WeightRecord[]> {
  const { method, representation, mover, spec, rate } = pull;
  const states: WeightRecord[] = [];
  for (let k = 0; k < count; k++) {
    const step = mover.update({
      ...{ representation, spec, state: states.at(-1) ?? state },
      motion: motionOf(method, spec, rate),
      moment: { progress: k / count, final: false },
    });
    let next = await step.next();
    while (!next.done) next = await step.next(evidenceAt(pull, next.value));
    states.push(next.value.state);
  }
  return states;
}

/** A test on the engine in which every tensor goes with its scope. */
async function testPull(
  title: string,
  { choice = {}, ...parts }: Pick<Pull, "representation" | "mover"> & {
    readonly choice?: MethodChoice;
    readonly spec?: Partial<WeightSpec>;
    readonly rate?: number;
    readonly target?: Matrix;
  },
  check: (pull: Pull, start: WeightRecord) => Promise<void>,
): Promise<void> {
  Deno.test({
    ...await onBackend("wasm", title),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", ...choice });
      const before = method.engine.memory().numTensors;
      await method.engine.scope(async () => {
        const spec = { ...SPEC, ...parts.spec };
        const { rate = 0.1, target = gaussian(new Random(8), ROWS, COLS) } = parts;
        const pull = { ...{ rate, target, method }, ...parts, spec };
        await check(pull, await parts.representation.create(method, spec, new Random(3)));
      });
      assertEquals(method.engine.memory().numTensors, before);
    },
  });
}

async function wholeMatrix({ method, representation, spec }: Pull, state: WeightRecord) {
  return await readMatrix(method.engine, representation.toDense!(method, spec, state));
}

/** Singular values above a share of the largest. */
async function rankOf(x: Matrix, share = 1e-5): Promise<number> {
  const { sigma } = await host.svd(x);
  return sigma.filter((s) => s > share * sigma[0]!).length;
}

/** Entries of tensors with a name anywhere in a record. */
function entriesIn(state: WeightRecord | undefined): number {
  return tensorsIn(state ?? {}).reduce((sum, t) => sum + t.size, 0);
}

const RULES: Readonly<Record<string, OptimizerRule>> = { sgd: sgd.create(), adam: adam.create() };
for (const [name, rule] of Object.entries(RULES)) {
  await testPull(
    `rank-pruned is dense under ${name} where nothing is cut`,
    { representation: rankPruned, mover: pruned({ period: 1 }), choice: { rule } },
    async (pull, start) => {
      const own = (await course(pull, start, 4)).at(-1)!;
      const twin = (await course({ ...pull, mover: byRule }, start, 4)).at(-1)!;
      assertEquals(await wholeMatrix(pull, own), await wholeMatrix(pull, twin));
      assertEquals(rankPruned.rank(own), COLS);
    },
  );
}

await testPull(
  "rank-pruned keeps the energy that it is asked to, and is of the rank it says",
  {
    representation: rankPruned,
    mover: pruned({ period: 3 }),
    choice: { rule: adam.create(), truncation: { rule: energyFraction, tolerance: 0.1 } },
  },
  async (pull, start) => {
    const states = await course(pull, start, 6);
    const twin = await course({ ...pull, mover: byRule }, start, 3);
    const [before, after] = [
      await wholeMatrix(pull, twin[2]!),
      await wholeMatrix(pull, states[2]!),
    ];
    assertGreater(norm(after) ** 2, (0.9 - 1e-6) * norm(before) ** 2);
    assertLess(norm(minus(before, after)) ** 2, (0.1 + 1e-6) * norm(before) ** 2);
    const rank = rankPruned.rank(states[2]!) as number;
    assertLess(rank, COLS);
    assertEquals(await rankOf(after), rank);
    const { discarded } = await factored.fromDense!(
      pull.method,
      pull.spec,
      states[2]!.value as Tensor,
      { rank },
    );
    assertLess(discarded!, 1e-5 * norm(after), "compressing at its rank loses nothing");
    // Moments are left as they are, and between truncations it is free.
    assertEquals(entriesIn(states[2]!.moments as never), 2 * ROWS * COLS);
    assertEquals(await rankOf(await wholeMatrix(pull, states[3]!)), COLS);
    // Equal starts and two more steps: it goes on from the truncated weight.
    assertGreater(norm(minus(await wholeMatrix(pull, states[5]!), before)), 1e-3);
  },
);

const relora = adapted(dense, factored);

await testPull(
  "relora leaves the weight as it is when it merges, and moves it by one rank a merge more",
  {
    representation: relora,
    mover: merging({ period: 4, warmup: 2 }),
    choice: { rule: adam.create() },
  },
  async (pull, start) => {
    const states = await course(pull, start, 13);
    const first = await wholeMatrix(pull, start);
    for (const [k, state] of states.entries()) {
      const moved = minus(await wholeMatrix(pull, state), first);
      assertEquals(await rankOf(moved, 1e-4), Math.min(COLS, 2 * Math.ceil((k + 1) / 4)), `${k}`);
    }
    // At a merge the factors are new, the moments gone, and the weight the same.
    assertEquals(states[3]!.moments, undefined);
    const twin = await course({ ...pull, mover: byRule }, start, 4);
    const [own, other] = [await wholeMatrix(pull, states[3]!), await wholeMatrix(pull, twin[3]!)];
    assertLess(norm(minus(own, other)), 1e-5 * norm(own));
    const factor = async (k: number, name: string) => {
      return await readMatrix(pull.method.engine, (states[k]!.increment as never)[name]);
    };
    assertEquals(norm(await factor(3, "v")), 0);
    assertEquals(await factor(4, "u"), await factor(3, "u"), "U has no gradient while V is zero");
    assertGreater(norm(minus(await factor(7, "u"), await factor(3, "u"))), 0.1);
  },
);

await testPull(
  "relora comes back to its rate after a merge",
  { representation: relora, mover: merging({ period: 3, warmup: 4 }) },
  async (pull, start) => {
    const [, , merged, after] = await course(pull, start, 4);
    const v = await readMatrix(pull.method.engine, (after!.increment as never)["v"]);
    const u = await readMatrix(pull.method.engine, (merged!.increment as never)["u"]);
    const flow = minus(pull.target, await wholeMatrix(pull, merged!));
    // A quarter of the rate in the first of four steps.
    assertLess(norm(minus(v, host.scale(pull.rate / 4, times(transposed(flow), u)))), 1e-5);
  },
);

await testPull(
  "relora comes below the least loss of any increment of its rank, which factors alone do not",
  {
    representation: relora,
    mover: merging({ period: 25, warmup: 2 }),
    choice: { rule: adam.create() },
  },
  async (pull, start) => {
    const { sigma } = await host.svd(minus(pull.target, await wholeMatrix(pull, start)));
    const least = Math.hypot(...sigma.slice(SPEC.rank));
    const off = async (mover: Mover) => {
      const end = (await course({ ...pull, mover }, start, 75)).at(-1)!;
      return norm(minus(pull.target, await wholeMatrix(pull, end)));
    };
    assertGreater(await off(byRule), least * (1 - 1e-5));
    assertLess(await off(pull.mover), least / 2);
  },
);

const sparse = sparseLowRank({ density: 0.2 });

await testPull(
  "sparse-low-rank has entries on its support alone, and as many numbers as it says",
  { representation: sparse, mover: onSupport, choice: { rule: adam.create() } },
  async (pull, start) => {
    const { engine } = pull.method;
    const support = [...await engine.read(start.support as Tensor)];
    const count = Math.floor(0.2 * ROWS * COLS);
    assertEquals([support.length, new Set(support).size], [count, count]);
    assertLess(norm(await lowPart(pull, start)), 1e-12, "it starts as S alone");
    const state = (await course(pull, start, 5)).at(-1)!;
    const s = await readMatrix(engine, (state.base as never)["value"]);
    s.data.forEach((x, place) => assertEquals(x !== 0, support.includes(place), `${place}`));
    const numbers = count + 2 * (ROWS + COLS);
    assertEquals(sparse.size(state), numbers);
    assertEquals(entriesIn(state.moments as never), 2 * numbers);
    assertEquals(await rankOf(await wholeMatrix(pull, state)), COLS, "factors alone have rank 2");
  },
);

/** α U Vᵀ. */
async function lowPart(pull: Pull, state: WeightRecord): Promise<Matrix> {
  const s = await readMatrix(pull.method.engine, (state.base as never)["value"]);
  return minus(await wholeMatrix(pull, state), s);
}

await testPull(
  "sparse-low-rank on every entry moves S along the whole gradient, factors along theirs",
  { representation: sparseLowRank({ density: 1 }), mover: onSupport },
  async (pull, start) => {
    const { engine } = pull.method;
    const [first, second] = await course(pull, start, 2);
    for (const [before, after] of [[start, first!], [first!, second!]] as const) {
      const of = (state: WeightRecord, part: string, name: string) =>
        readMatrix(engine, (state[part] as never)[name]);
      const flow = minus(pull.target, await wholeMatrix(pull, before));
      const moved = async (part: string, name: string) =>
        minus(await of(after, part, name), await of(before, part, name));
      const near = (x: Matrix, y: Matrix) =>
        assertLess(norm(minus(x, host.scale(pull.rate, y))), 1e-5);
      near(await moved("base", "value"), flow);
      near(await moved("increment", "u"), times(flow, await of(before, "increment", "v")));
      near(
        await moved("increment", "v"),
        times(transposed(flow), await of(before, "increment", "u")),
      );
    }
  },
);

const free = { lasso: 0, threshold: 0, period: 1000 };

await testPull(
  "ordered-low-rank that uses all columns without lasso is factored-low-rank",
  {
    representation: factored,
    mover: ordered({ ...free, draws: "none" }),
    choice: { rule: adam.create() },
  },
  async (pull, start) => {
    const own = (await course(pull, start, 4)).at(-1)!;
    const twin = (await course({ ...pull, mover: byRule }, start, 4)).at(-1)!;
    assertEquals(await wholeMatrix(pull, own), await wholeMatrix(pull, twin));
  },
);

await testPull(
  "ordered-low-rank leaves the columns after the prefix of a step as they are",
  {
    representation: factored,
    mover: ordered({ ...free, draws: "independent" }),
    spec: { rank: 5 },
  },
  async (pull, start) => {
    const lengths = new Set<number>();
    let before = start;
    for (const after of await course(pull, start, 12)) {
      const [x, y] = await Promise.all(
        [before, after].map((s) => readMatrix(pull.method.engine, s.v as Tensor)),
      );
      const moved = [0, 1, 2, 3, 4].map((j) =>
        norm(minus(host.columns(x!, j, j + 1), host.columns(y!, j, j + 1))) > 0
      );
      const used = moved.lastIndexOf(true) + 1;
      assertEquals(moved, [0, 1, 2, 3, 4].map((j) => j < used));
      lengths.add(used);
      before = after;
    }
    assertGreater(lengths.size, 2);
  },
);

/** Mean over b of ‖U_b V_bᵀ − A‖². */
function orderedLoss(u: Matrix, v: Matrix, target: Matrix): number {
  let sum = 0;
  for (let b = 1; b <= u.cols; b++) {
    const prefix = times(host.columns(u, 0, b), transposed(host.columns(v, 0, b)));
    sum += norm(minus(prefix, target)) ** 2 / u.cols;
  }
  return sum;
}

Deno.test("the ordered loss is least where every prefix is the best of its rank", async () => {
  const random = new Random(5);
  const target = product(await randomLowRank(random, ROWS, COLS, [1, 0.5, 0.2]));
  const { p, sigma, q } = await host.svd(target);
  const half = host.diagonal(sigma.map(Math.sqrt));
  const [u, v] = [times(p, half), times(q, half)];
  const least = orderedLoss(u, v, target);
  // (1/s) Σ_b Σ_{i > b} σᵢ²
  assertAlmostEquals(least, (0.25 + 0.04 + 0.04) / COLS, 1e-12);
  for (let k = 0; k < 20; k++) {
    const nearby = (x: Matrix) => host.lincomb(1, x, 0.05, gaussian(random, x.rows, x.cols));
    assertGreater(orderedLoss(nearby(u), nearby(v), target), least);
  }
  // U Q, V Q⁻ᵀ is the same matrix, but not in the same order.
  const { q: turn } = await host.qr(gaussian(random, COLS, COLS));
  assertGreater(orderedLoss(times(u, turn), times(v, turn), target), least + 1e-3);
});

await testPull(
  "ordered-low-rank comes to the singular value decomposition, prefix by prefix",
  {
    representation: factored,
    mover: ordered({ ...free, draws: "independent" }),
    spec: { rank: 3 },
    rate: 0.25,
    target: product(await randomLowRank(new Random(6), ROWS, COLS, [1, 0.5, 0.2])),
  },
  async (pull, start) => {
    let state = start;
    for (let k = 0; k < 30; k++) {
      const next = await pull.method.engine.scope(async () =>
        (await course(pull, state, 50)).at(-1)!
      );
      state = next;
    }
    const [u, v] = await Promise.all(
      [state.u, state.v].map((x) => readMatrix(pull.method.engine, x as Tensor)),
    );
    const { p, sigma, q } = await host.svd(pull.target);
    for (let b = 1; b <= 3; b++) {
      const best = times(
        host.columns(p, 0, b),
        host.diagonal(sigma.slice(0, b)),
        transposed(host.columns(q, 0, b)),
      );
      const prefix = times(host.columns(u!, 0, b), transposed(host.columns(v!, 0, b)));
      assertLess(norm(minus(prefix, best)), 0.01, `the first ${b}`);
    }
  },
);

await testPull(
  "ordered-low-rank draws late columns to zero by the lasso, cuts them and their moments",
  {
    representation: factored,
    mover: ordered({ lasso: 0.02, threshold: 0.02, period: 50, draws: "none" }),
    choice: { rule: adam.create() },
    spec: { rank: 6 },
    rate: 0.02,
    target: product(await randomLowRank(new Random(6), ROWS, COLS, [2, 1])),
  },
  async (pull, start) => {
    const states = await course(pull, start, 400);
    const last = states.at(-1)!;
    const rank = factored.rank(last) as number;
    assertLess(rank, 6);
    assertGreater(rank, 1);
    const ranks = states.map((s) => factored.rank(s) as number);
    assert(ranks.every((r, k) => k === 0 || r <= ranks[k - 1]!));
    assertEquals(entriesIn(last.moments as never), 2 * rank * (ROWS + COLS));
    assertEquals(factored.size(last), rank * (ROWS + COLS));
    assertLess(norm(minus(await wholeMatrix(pull, last), pull.target)), 0.3);
  },
);

await testPull(
  "sparse-spectral starts as the dense weight, and stays it when it is decomposed anew",
  { representation: spectralFactors, mover: sampledSpectrum({ period: 1 }) },
  async (pull, start) => {
    const twin = await dense.create(pull.method, pull.spec, new Random(3));
    const first = await readMatrix(pull.method.engine, twin.value as Tensor);
    assertLess(norm(minus(await wholeMatrix(pull, start), first)), 1e-5 * norm(first));
    // At rate 0 all that happens is a round of draws and decompositions.
    const still = await course({ ...pull, rate: 0 }, start, 8);
    assertLess(norm(minus(await wholeMatrix(pull, still.at(-1)!), first)), 1e-5 * norm(first));
    assertEquals(spectralFactors.size(start), COLS * (ROWS + COLS + 1));
  },
);

await testPull(
  "sparse-spectral leaves vectors that are not drawn bit for bit, the others of length 1",
  {
    representation: spectralFactors,
    mover: sampledSpectrum({ period: 2 }),
    choice: { rule: adam.create() },
  },
  async (pull, start) => {
    const { engine } = pull.method;
    let before = start;
    for (const [k, after] of (await course(pull, start, 6)).entries()) {
      const drawn = [...await engine.read(after.drawn as Tensor)];
      assertEquals(new Set(drawn).size, 2);
      assertEquals(entriesIn(after.moments as never), 2 * (2 * (ROWS + COLS) + COLS));
      for (const name of ["u", "v"]) {
        const [x, y] = await Promise.all(
          [before, after].map((s) => readMatrix(engine, s[name] as Tensor)),
        );
        for (let j = 0; j < COLS; j++) {
          const column = host.columns(y!, j, j + 1);
          const moved = norm(minus(column, host.columns(x!, j, j + 1)));
          assertEquals(moved > 0, drawn.includes(j), `step ${k}, ${name}, column ${j}`);
          assertAlmostEquals(norm(column), 1, 1e-5);
        }
      }
      const sigma = await engine.read(after.sigma as Tensor);
      assert(sigma.every((x) => x >= 0));
      before = after;
    }
  },
);

await testPull(
  "sparse-spectral leaves a weight of zero, where factors of zero stay",
  {
    representation: spectralFactors,
    mover: sampledSpectrum({ period: 5 }),
    choice: { rule: adam.create() },
    rate: 0.05,
  },
  async (pull, start) => {
    const zero = engineZeros(pull, start);
    const state = (await course(pull, zero, 30)).at(-1)!;
    assertLess(norm(minus(await wholeMatrix(pull, state), pull.target)), 0.9 * norm(pull.target));
    const factors = await factored.create(pull.method, pull.spec, new Random(1));
    const none = {
      ...factors,
      u: pull.method.engine.zeros([ROWS, 2]),
      v: pull.method.engine.zeros([COLS, 2]),
    };
    const stuck = { ...pull, representation: factored, mover: byRule };
    assertEquals(norm(await wholeMatrix(stuck, (await course(stuck, none, 5)).at(-1)!)), 0);
  },
);

function engineZeros({ method: { engine } }: Pull, start: WeightRecord): WeightRecord {
  return { ...start, s: engine.zeros([COLS, COLS]), sigma: engine.zeros([COLS]) };
}

await testPull(
  "sparse-spectral with all vectors moves every value as gradient descent does, to first order",
  { representation: spectralFactors, mover: sampledSpectrum({ period: 1 }), spec: { rank: 6 } },
  async (pull, start) => {
    const [u, v] = await Promise.all(
      [start.u, start.v].map((x) => readMatrix(pull.method.engine, x as Tensor)),
    );
    const first = await wholeMatrix(pull, start);
    const flow = minus(pull.target, first);
    const apart = async (rate: number) => {
      const [state] = await course({ ...pull, rate }, start, 1);
      const moved = minus(await wholeMatrix(pull, state!), first);
      const along = (x: Matrix) => host.columns(times(transposed(u!), x, v!), 0, COLS);
      const difference = along(minus(moved, host.scale(rate, flow)));
      return Math.max(...[0, 1, 2, 3, 4, 5].map((i) => Math.abs(difference.data[i * COLS + i]!)));
    };
    // A tenth of the step leaves a hundredth of the deviation.
    assertLess(await apart(0.01), 0.05 * await apart(0.1));
  },
);

const DRAWING: Readonly<Record<string, Pick<Pull, "representation" | "mover">>> = {
  "prefixes": {
    representation: factored,
    mover: ordered({ lasso: 0, threshold: 0, period: 100, draws: "independent" }),
  },
  "vectors that move": { representation: spectralFactors, mover: sampledSpectrum({ period: 1 }) },
  "increments after merges": {
    representation: adapted(dense, factored),
    mover: merging({ period: 2, warmup: 0 }),
  },
};
for (const [what, parts] of Object.entries(DRAWING)) {
  await testPull(`${what} are drawn as the seed of the run says`, parts, async (pull, start) => {
    const end = async (seed: number) => {
      const states = await course({ ...pull, method: { ...pull.method, seed } }, start, 5);
      return [...(await wholeMatrix(pull, states.at(-1)!)).data];
    };
    const [one, again, other] = [await end(1), await end(1), await end(2)];
    assertEquals(one, again);
    assertGreater(Math.max(...one.map((x, i) => Math.abs(x - other[i]!))), 1e-4);
  });
}

Deno.test("projections of a rule follow the seed of the run, unless the rule has one", async () => {
  const [x, flow] = [gaussian(new Random(1), ROWS, COLS), gaussian(new Random(2), ROWS, COLS)];
  const end = async (seed: number, settings = {}) => {
    const rule = seededRule(optimizers.get("apollo"), seed, { rank: 1, ...settings });
    return (await rule.update(host, x, flow, { rate: 0.1, decay: 0 }, undefined)).value;
  };
  assertEquals(await end(1), await end(1));
  assertGreater(await norm(minus(await end(1), await end(2))), 1e-4);
  assertEquals(await end(1, { seed: 5 }), await end(2, { seed: 5 }));
});

await testPull(
  "a group sets how often weights are truncated",
  {
    representation: rankPruned,
    mover: pruned({ period: 20 }),
    choice: { truncation: { rule: energyFraction, tolerance: 0.5 } },
    spec: { format: "rank-pruned" },
  },
  async (pull, start) => {
    const groups = [{ match: "*", mover: "rank-pruning:period=2" }];
    const mover = moverOf({ ...pull.method, groups }, pull.spec);
    const [usual, often] = [
      await course({ ...pull, mover: moverOf(pull.method, pull.spec) }, start, 2),
      await course({ ...pull, mover }, start, 2),
    ];
    assertEquals([usual[1]!.rank, often[0]!.rank], [undefined, undefined]);
    assertLess(Number(often[1]!.rank), COLS);
  },
);
