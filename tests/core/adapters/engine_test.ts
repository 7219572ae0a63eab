/** Every adapter on the engine: gradients beside those in float64, whole weights, resumed runs. */

import { assertEquals, assertLess } from "@std/assert";
import {
  adaptedNetwork,
  adapters,
  attachedOf,
  attachTo,
  batchEvaluator,
  currentPoints,
  denseNetwork,
  disposeStates,
  type Layer,
  mergedWeight,
  Pass,
  Random,
  representationOf,
  restoreState,
  type Settings,
  stateOf,
  type Task,
  type Tensor,
  type TrainingMethod,
  tune,
  type WeightSpec,
  type WeightStates,
} from "../../../core/mod.ts";
import { linear } from "../../../layers/mod.ts";
import { adamw } from "../../../optimizers/mod.ts";
import { ADAPTER_ROWS } from "../../properties/adapter_rows.ts";
import { hostFlows, onHost } from "../../support/adapters.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { gaussian, host, relativeError, times } from "../../support/matrices.ts";
import { methodOf, stepOn, storeState } from "../../support/training.ts";

const [BATCH, INPUTS, OUTPUTS] = [6, 12, 8];
const x = gaussian(new Random(11), BATCH, INPUTS);
const y = gaussian(new Random(12), BATCH, OUTPUTS);
const w = gaussian(new Random(13), INPUTS, OUTPUTS);

/** ½‖X W − Y‖². */
const loss: Task["loss"] = (model, batch) => {
  const { engine } = model;
  const difference = engine.sub(model.forward(batch.x!), batch.y!);
  return engine.scale(0.5, engine.sum(engine.mul(difference, difference)));
};

/** A map with an adapter, after some steps. */
async function started(
  method: TrainingMethod,
  name: string,
  settings: Settings = ADAPTER_ROWS[name]!.settings ?? { rank: 2 },
): Promise<{ network: Layer; spec: WeightSpec; states: WeightStates }> {
  const { algebra: a } = method;
  const plain = linear({ name: "a", inputs: INPUTS, outputs: OUTPUTS, bias: false });
  const groups = [{ match: "a.weight", adapter: name, settings }];
  const network = adaptedNetwork(plain, { groups });
  const [spec] = network.weights as [WeightSpec];
  const adapter = tune(adapters, adapters.get(name), spec.settings!);
  const [value, gradient] = [w, gaussian(new Random(14), INPUTS, OUTPUTS)].map((m) =>
    a.from(m.data, m.rows, m.cols)
  );
  const context = { random: new Random(5), gradient: gradient! };
  const record = await attachTo(adapter, method, spec, value!, context);
  return { network, spec, states: { [spec.name]: stateOf(spec, record) } };
}

function batchOf({ algebra: a }: TrainingMethod): { x: Tensor; y: Tensor } {
  return { x: a.from(x.data, BATCH, INPUTS), y: a.from(y.data, BATCH, OUTPUTS) };
}

/** States after steps of a run of twelve. */
async function after(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  [from, to]: readonly [number, number],
): Promise<WeightStates> {
  let now = states;
  for (let done = from; done < to; done++) {
    const moment = { progress: done / 12, final: done === 11, count: { done, all: 12 } };
    const step = await stepOn(
      method,
      network,
      now,
      batchOf(method),
      { ...moment, rate: 0.02 },
      loss,
    );
    disposeStates(now, step.states);
    now = step.states;
  }
  return now;
}

for (const name of Object.keys(ADAPTER_ROWS)) {
  for (const backend of cpuBackends) {
    Deno.test({
      ...await onBackend(backend, `${name}: flows of the engine are those in float64`),
      fn: async () => {
        const method = await methodOf({ backend, rule: adamw.create() });
        const { engine, algebra: a } = method;
        await engine.scope(async () => {
          const { network, spec, states: begun } = await started(method, name);
          const states = await after(method, network, begun, [0, 3]);
          const state = states[spec.name]!;
          const evaluate = batchEvaluator(engine, network, loss, batchOf(method));
          const points = currentPoints(network, states);
          const { evidence, dispose } = await evaluate(points, new Set([spec.name]));
          const reading = representationOf(spec).asVariables!(method, spec, state);
          const found = reading.gradients(evidence.get(spec.name)!);
          const adapter = tune(adapters, adapters.get(name), spec.settings!);
          const at = await onHost(a, attachedOf(a, spec.shape, state));
          const residual = host.lincomb(1, y, -1, times(x, mergedWeight(host, adapter, at)));
          const f = host.multiply(x, residual, { transposeLeft: true });
          const wanted = hostFlows(adapter, at, f);
          for (const [key, flow] of Object.entries(wanted)) {
            const own = await onHost(a, { base: found[key]!, trained: {}, frozen: {} });
            assertLess(relativeError(own.base, flow), 2e-5, key);
          }
          dispose();
        });
      },
    });
  }

  Deno.test({
    ...await onBackend("wasm", `${name}: merged, it answers as it did, to 1e-5`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", rule: adamw.create() });
      const { engine, algebra: a } = method;
      await engine.scope(async () => {
        const { network, spec, states: begun } = await started(method, name);
        const states = await after(method, network, begun, [0, 4]);
        const point = currentPoints(network, states);
        const own = network.forward(
          new Pass(engine, network, point, { training: false }),
          batchOf(method).x,
        );
        const twin = denseNetwork(network);
        const value = representationOf(spec).toDense!(method, spec, states[spec.name]!);
        const merged = { [spec.name]: { format: "dense", value } };
        const whole = twin.forward(
          new Pass(engine, twin, currentPoints(twin, merged), { training: false }),
          batchOf(method).x,
        );
        const error = await a.norm(engine.sub(own, whole)) / await a.norm(whole);
        assertLess(error, 1e-5);
      });
    },
  });
}

/** Variants whose steps change what trains. */
const VARIANTS: readonly (readonly [name: string, settings: Settings])[] = [
  ["dylora", { rank: 3, trains: "column" }],
  ["sara", { threshold: 0.5, nuclear: 0.05, matrices: 2 }],
];

for (
  const [name, settings] of [...Object.keys(ADAPTER_ROWS).map((n) => [n] as const), ...VARIANTS]
) {
  const what = settings ? `${name}:${Object.keys(settings).at(-1)}` : name;
  Deno.test({
    ...await onBackend("wasm", `${what}: a resumed run ends with the same bits`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", rule: adamw.create({ weightDecay: 0.1 }) });
      const { engine } = method;
      await engine.scope(async () => {
        const { network, states: begun } = await started(method, name, settings);
        const numbers = { lossSum: 0, trainLoss: 0, firstLoss: 0, best: 0, sinceBest: 0 };
        const timed = { ...numbers, seconds: 0, secondsPerStep: 0 };
        const half = await after(method, network, begun, [0, 6]);
        const record = await storeState(engine, { ...timed, step: 6, states: half });
        const { states: back } = restoreState(engine, network, record);
        const straight = await after(method, network, half, [6, 12]);
        const resumed = await after(method, network, back, [6, 12]);
        assertEquals(
          await storeState(engine, { ...timed, step: 12, states: resumed }),
          await storeState(engine, { ...timed, step: 12, states: straight }),
        );
      });
    },
  });
}
