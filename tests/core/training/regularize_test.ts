/** Regularizers in training steps: the same flow however they are coupled, for all integrators. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  clamp,
  conditioningOf,
  denseField,
  disposeStates,
  type FieldAt,
  initialStates,
  integrators,
  type Layer,
  type Matrix,
  Random,
  type Regularization,
  regularizers,
  representationOf,
  spectral,
  strengthSchedules,
  type Tensor,
  tensorsIn,
  type TrainingMethod,
  tuckerIntegrators,
  weightDecay,
  type WeightStates,
} from "../../../core/mod.ts";
import { regularisedField, regularisedStates } from "../../../core/training/regularize.ts";
import { perceptron } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { imageBatch, KERNEL, kernelNet } from "../../support/kernels.ts";
import { dense, gaussian, host, minus, norm, randomLowRank } from "../../support/matrices.ts";
import { methodOf, randomBatch, readMatrix, stepOn } from "../../support/training.ts";

const NET = perceptron({ sizes: [12, 9, 8, 3], format: "low-rank", rank: 4, activation: "tanh" });
const TUCKER = kernelNet({ inputs: 5, outputs: 6, size: 3, format: "tucker", rank: 3 }, [4, 4]);

/** A weight in full, in float64. */
async function whole(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  name: string,
): Promise<Matrix> {
  const spec = network.weights.find((w) => w.name === name)!;
  const value = representationOf(spec).toDense!(method, spec, states[name]!);
  const cols = spec.shape.at(-1)!;
  return await readMatrix(method.engine, method.algebra.reshape(value, value.size / cols, cols));
}

/** Steps without and with a regularization; tells where a weight ends. */
async function stepped(
  method: TrainingMethod,
  network: Layer,
  name: string,
  rate: number,
  regularization: readonly Regularization[] | undefined,
): Promise<Matrix> {
  const { engine } = method;
  let found: Matrix | undefined;
  await engine.scope(async () => {
    const states = await initialStates(method, network, 1);
    const batch = network === TUCKER
      ? imageBatch(method, [6, 4, 4, 5])
      : randomBatch(engine, 10, 12, 3);
    const own = regularization ? { ...method, regularization } : method;
    const out = await stepOn(own, network, states, batch, { rate });
    found = await whole(method, network, out.states, name);
  });
  return found!;
}

const INTEGRATORS = integrators.names();

for (const name of INTEGRATORS) {
  Deno.test({
    ...await onBackend("wasm", `${name}: field and split are one flow to first order`),
    fn: async () => {
      const base = await methodOf({ backend: "wasm", integrator: integrators.get(name) });
      // Fixed-rank methods keep theirs; the others may have what they want.
      const gap = async (rate: number): Promise<[apart: number, moved: number]> => {
        const run = (coupling: "field" | "split" | undefined) =>
          stepped(
            base,
            NET,
            "dense2.weight",
            rate,
            coupling && [{
              regularizer: weightDecay,
              strength: 2,
              coupling,
            }],
          );
        const [field, split, plain] = [
          await run("field"),
          await run("split"),
          await run(undefined),
        ];
        return [norm(minus(field, split)), norm(minus(field, plain))];
      };
      const [apart, moved] = await gap(0.02);
      const [closer] = await gap(0.01);
      assert(moved > 0.01, `moved ${moved}`);
      assertLess(apart, 0.1 * moved);
      assertLess(closer, 0.4 * apart + 1e-6);
    },
  });
}

for (const name of tuckerIntegrators.names()) {
  Deno.test({
    ...await onBackend("wasm", `${name}: field and split are one flow to first order`),
    fn: async () => {
      const tuckerIntegrator = tuckerIntegrators.get(name);
      const base = { ...await methodOf({ backend: "wasm" }), tuckerIntegrator };
      const run = (rate: number, coupling: "field" | "split" | undefined) =>
        stepped(
          base,
          TUCKER,
          KERNEL,
          rate,
          coupling && [{
            regularizer: weightDecay,
            strength: 2,
            coupling,
          }],
        );
      const gap = async (rate: number) =>
        norm(minus(await run(rate, "field"), await run(rate, "split")));
      const moved = norm(minus(await run(0.02, "field"), await run(0.02, undefined)));
      const apart = await gap(0.02);
      assert(moved > 0.01, `moved ${moved}`);
      assertLess(apart, 0.1 * moved);
      assertLess(await gap(0.01), 0.4 * apart + 1e-6);
    },
  });
}

Deno.test("the field term is the gradient of R(W) also where factors are not orthonormal", async () => {
  const random = new Random(8);
  const base = await randomLowRank(random, 8, 6, [3, 2, 1]);
  const loose = {
    u: host.multiply(base.u, base.s),
    s: host.identity(3),
    v: base.v,
  };
  const method = {
    algebra: host,
    regularization: [{ regularizer: spectral, strength: 0.7, coupling: "field" }],
  } as unknown as TrainingMethod;
  const spec = { name: "w", shape: [8, 6], format: "low-rank", initialiser: undefined! };
  const zero = denseField(host, host.zeros(8, 6));
  // The algebra stands for that of tensors: what is tested knows no engine.
  const field = await (regularisedField as unknown as (
    ...a: unknown[]
  ) => Promise<FieldAt<Matrix>>)(method, spec, zero, loose, false);
  const d = { ...base, s: gaussian(random, 3, 3) };
  const value = async (h: number) => {
    const s = host.lincomb(1, base.s, h, d.s);
    return (await spectral.term!(host, s, {})).value;
  };
  const slope = (await value(1e-5) - await value(-1e-5)) / 2e-5;
  const pulled = await field.times(host.identity(6));
  const found = host.multiply(dense(d), pulled, { transposeLeft: true });
  const trace = Array.from({ length: 6 }, (_, i) => found.data[i * 7]!).reduce((a, b) => a + b, 0);
  assertAlmostEquals(trace, -0.7 * slope, 1e-6 * Math.abs(slope));
});

for (const backend of cpuBackends) {
  for (const coupling of ["split", "field"] as const) {
    for (const [what, network] of [["low-rank", NET], ["tucker", TUCKER]] as const) {
      Deno.test({
        ...await onBackend(
          backend,
          `${coupling} lowers the spread of ${what} cores, leaks nothing`,
        ),
        fn: async () => {
          const base = await methodOf({ backend });
          const { engine } = base;
          const before = engine.memory().numTensors;
          const spread = async (strength: number): Promise<number> => {
            const method = {
              ...base,
              regularization: [{ regularizer: spectral, strength, coupling }],
            };
            const batch = network === TUCKER
              ? imageBatch(method, [6, 4, 4, 5])
              : randomBatch(engine, 10, 12, 3);
            let states = await initialStates(method, network, 1);
            for (let k = 0; k < 12; k++) {
              const out = await stepOn(method, network, states, batch, { rate: 0.05 });
              disposeStates(states, out.states);
              states = out.states;
            }
            const { weights } = await conditioningOf(method, network, states);
            for (const t of [...tensorsIn(states), batch.x, batch.y]) t.dispose();
            const factorised = Object.values(weights).filter((w) => w.factorised);
            assert(factorised.length > 0);
            return Math.max(...factorised.map((w) => w.spread));
          };
          assertLess(await spread(1), 0.7 * await spread(0));
          assertEquals(engine.memory().numTensors, before);
        },
      });
    }
  }
}

Deno.test({
  ...await onBackend("wasm", "split moves the core and nothing else; strength 0 moves nothing"),
  fn: async () => {
    const base = await methodOf({ backend: "wasm" });
    const { engine } = base;
    await engine.scope(async () => {
      const states = await initialStates(base, NET, 1);
      const batch = randomBatch(engine, 10, 12, 3);
      const step = async (strength: number) =>
        (await stepOn(
          { ...base, regularization: [{ regularizer: spectral, strength }] },
          NET,
          states,
          batch,
          { rate: 0.1 },
        )).states;
      const plain = (await stepOn(base, NET, states, batch, { rate: 0.1 })).states;
      const read = async (s: WeightStates, name: string, key: string) =>
        await engine.read((s[name] as unknown as Record<string, Tensor>)[key]!);
      for (const [strength, same] of [[0, true], [1, false]] as const) {
        const out = await step(strength);
        for (const key of ["u", "v"]) {
          assertEquals(
            await read(out, "dense1.weight", key),
            await read(plain, "dense1.weight", key),
          );
        }
        const cores = [
          await read(out, "dense1.weight", "s"),
          await read(plain, "dense1.weight", "s"),
        ];
        assertEquals(JSON.stringify(cores[0]) === JSON.stringify(cores[1]), same);
        assertEquals(
          await read(out, "classifier.weight", "value"),
          await read(plain, "classifier.weight", "value"),
        );
      }
    });
  },
});

for (const regularizer of regularizers.list().filter((r) => r.least !== undefined)) {
  const { name, least = 0, defaults } = regularizer;
  Deno.test({
    ...await onBackend("wasm", `${name}: a split step lowers R at any strength, and no further`),
    fn: async () => {
      const base = await methodOf({ backend: "wasm" });
      await base.engine.scope(async () => {
        for (const network of [NET, TUCKER]) {
          const weight = network === NET ? "dense1.weight" : KERNEL;
          const key = network === NET ? "s" : "kernel";
          const valueOf = async (states: WeightStates): Promise<number> => {
            const core = (states[weight] as unknown as Record<string, Tensor>)[key]!;
            const cols = core.shape.at(-1)!;
            const columns = base.algebra.reshape(core, core.size / cols, cols);
            return (await regularizer.term!(base.algebra, columns, defaults)).value;
          };
          for (const strength of [1e-3, 1, 30, 1e6]) {
            const method = { ...base, regularization: [{ regularizer, strength }] };
            let states: WeightStates = await initialStates(base, network, 1);
            for (let k = 0; k < 3; k++) {
              const before = await valueOf(states);
              states = await regularisedStates(method, network, states, 0.1);
              const after = await valueOf(states);
              assert(after >= least, `${after} at ${strength}`);
              assert(after < before || before <= least + 1e-6, `${before} → ${after}`);
            }
          }
        }
      });
    },
  });
}

Deno.test({
  ...await onBackend("wasm", "clamp keeps every condition number of a run below its bound"),
  fn: async () => {
    const base = await methodOf({ backend: "wasm", rule: adam.create() });
    const regularization = [{ regularizer: clamp, settings: { condition: 1.5 }, strength: 1 }];
    const method = { ...base, regularization };
    await method.engine.scope(async () => {
      const batch = randomBatch(method.engine, 10, 12, 3);
      let states: WeightStates = await initialStates(method, NET, 1);
      for (let k = 0; k < 5; k++) {
        states = (await stepOn(method, NET, states, batch, { rate: 0.05 })).states;
        const { weights } = await conditioningOf(method, NET, states);
        for (const w of Object.values(weights)) {
          if (w.factorised) assertLess(w.condition, 1.5 * (1 + 1e-5));
        }
      }
    });
  },
});

Deno.test({
  ...await onBackend("wasm", "strength schedules are asked at the progress of the step"),
  fn: async () => {
    const base = await methodOf({ backend: "wasm" });
    const regularization = [{
      regularizer: regularizers.get("weight-decay"),
      strength: 1,
      schedule: strengthSchedules.get("rising"),
    }];
    await base.engine.scope(async () => {
      const states = await initialStates(base, NET, 1);
      const batch = randomBatch(base.engine, 10, 12, 3);
      const normAt = async (progress: number) => {
        const method = { ...base, regularization };
        const out = await stepOn(method, NET, states, batch, { rate: 0.1, progress });
        return norm(await whole(base, NET, out.states, "dense1.weight"));
      };
      const [none, half, full] = [await normAt(0), await normAt(0.25), await normAt(0.5)];
      assertAlmostEquals(half / none, 0.95, 1e-4);
      assertAlmostEquals(full / none, 0.9, 1e-4);
    });
  },
});

Deno.test({
  ...await onBackend("wasm", "dense weights are regularised on request, loose factors refused"),
  fn: async () => {
    const base = await methodOf({ backend: "wasm" });
    const everything = { applies: () => true };
    const plain = perceptron({ sizes: [12, 9, 8, 3] });
    const run = (coupling: "split" | "field") =>
      stepped(base, plain, "dense1.weight", 0.01, [{
        regularizer: weightDecay,
        strength: 1,
        coupling,
        ...everything,
      }]);
    const [split, field] = [await run("split"), await run("field")];
    assertLess(norm(minus(split, field)), 1e-2 * norm(split));
    const loose = perceptron({ sizes: [12, 9, 8, 3], format: "factored-low-rank", rank: 3 });
    const error = await assertRejects(
      () =>
        stepped(base, loose, "dense1.weight", 0.01, [{
          regularizer: spectral,
          strength: 1,
          ...everything,
        }]),
      RangeError,
    );
    assertEquals(
      error.message,
      'Cannot regularise "dense1.weight": a core between orthonormal bases is needed, and format ' +
        '"factored-low-rank" has none',
    );
  },
});

Deno.test({
  ...await onBackend("cpu", "the engine differentiates the spectral regularizer to the same"),
  fn: async () => {
    const { engine, algebra } = await methodOf({});
    await engine.scope(async () => {
      const s = algebra.from(gaussian(new Random(3), 7, 5).data, 7, 5);
      const one = algebra.identity(5);
      const { value, gradients } = engine.gradients(() => {
        const gram = engine.matMul(s, s, { transposeLeft: true });
        const mean = engine.scale(1 / 5, engine.sum(engine.square(s)));
        const rest = engine.sub(gram, engine.mul(mean, one));
        return engine.sqrt(engine.sum(engine.square(rest)));
      }, [s]);
      const own = await spectral.term!(algebra, s, {});
      assertAlmostEquals((await engine.read(value))[0]!, own.value, 1e-4 * own.value);
      const [a, b] = [
        await readMatrix(engine, gradients[0]!),
        await readMatrix(engine, own.gradient!),
      ];
      assertLess(norm(minus(a, b)), 1e-5 * norm(a));
    });
  },
});
