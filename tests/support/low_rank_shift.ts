/**
 * The low-rank shift: a teacher is a fixed network but for one matrix, to which a matrix of rank 2 is
 * added; students are the network with adapters, and see the teacher's outputs at random inputs.
 */

import {
  adaptedNetwork,
  batchEvaluator,
  disposeStates,
  initialStates,
  meanSquare,
  type Model,
  NonFiniteError,
  Random,
  ranksOf,
  type Settings,
  type Tensor,
  tensorsIn,
  type TrainingMethod,
  trainStep,
  type WeightStates,
} from "../../core/mod.ts";
import { perceptron } from "../../layers/mod.ts";

/** The matrices with adapters; the second one differs. */
export const ADAPTED = ["dense1.weight", "dense2.weight", "dense3.weight"] as const;

/** Sizes of the network where the student does not say. */
const SIZES: readonly number[] = [12, 16, 16, 16, 4];
const BATCH = 32;

/** What a student learns with. */
export interface Student {
  /** Registry name of the adapter. */
  readonly adapter: string;
  /** Its settings. */
  readonly settings: Settings;
  /** Step size at the start; it falls to zero in a straight line. */
  readonly rate: number;
  /** Steps. */
  readonly steps: number;
  /** Sizes of the network, with three matrices before the last one. */
  readonly sizes?: readonly number[];
  /** Seed of inputs. */
  readonly seed?: number;
}

/** Where a student ends. */
export interface Learnt {
  /** Mean squared error on the last batch; infinite where the run diverged. */
  readonly loss: number;
  /** Ranks of the adapted matrices. */
  readonly ranks: readonly number[];
  /** Largest sum of ranks after a step that left no bases grown. */
  readonly most: number;
}

/** Trains a student. */
export async function learnShift(method: TrainingMethod, student: Student): Promise<Learnt> {
  const { adapter, settings, rate, steps, sizes = SIZES, seed = 9 } = student;
  const { engine } = method;
  const groups = ADAPTED.map((match) => ({ match, adapter, settings }));
  const network = adaptedNetwork(perceptron({ sizes }), { groups });
  let states = await initialStates(method, network, 3);
  const shift = await shiftBeside(method, states);
  const teacher = adaptedTeacher(states, shift);
  const random = new Random(seed);
  let [loss, most] = [NaN, 0];
  try {
    for (let step = 0; step < steps; step++) {
      const x = normal(method, random, BATCH, sizes[0]!);
      const y = await engine.scope(() => Promise.resolve(teacher(method, x)));
      const error = (m: Model, b: Readonly<Record<string, Tensor>>) =>
        meanSquare(m, m.forward(b.x!), b.y!);
      const evaluator = batchEvaluator(engine, network, error, { x, y });
      const at = { rate: rate * (1 - step / steps), progress: step / steps };
      const out = await trainStep(method, network, states, evaluator, {
        ...at,
        final: step + 1 === steps,
      });
      disposeStates(states, { ...out.states, shift: { format: "", shift } });
      ({ states, loss } = out);
      x.dispose();
      y.dispose();
      const resting = ADAPTED.every((name) =>
        (states[name]!.cycle as { ranks?: unknown } | undefined)?.ranks === undefined
      );
      if (resting) most = Math.max(most, sum(Object.values(ranksOf(network, states))));
    }
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    loss = Infinity;
  }
  const ranks = Object.values(ranksOf(network, states));
  for (const t of [shift, ...tensorsIn(states)]) t.dispose();
  return { loss, ranks, most };
}

/** A matrix of rank 2 and of half the norm of the second weight. */
async function shiftBeside(method: TrainingMethod, states: WeightStates): Promise<Tensor> {
  const { engine, algebra: a } = method;
  const random = new Random(17);
  return await engine.scope(async () => {
    const base = (states[ADAPTED[1]]!.base as { value: Tensor }).value;
    const [m, n] = base.shape as [number, number];
    const d = engine.matMul(normal(method, random, m, 2), normal(method, random, 2, n));
    return engine.scale(0.5 * await a.norm(base) / await a.norm(d), d);
  });
}

/** The network with the shift, as a function of its inputs. */
function adaptedTeacher(states: WeightStates, shift: Tensor) {
  const valueOf = (name: string): Tensor => {
    const { base, value } = states[name] as unknown as { base?: { value: Tensor }; value: Tensor };
    return base?.value ?? value;
  };
  const frozen = new Map(Object.keys(states).map((name) => [name, valueOf(name)]));
  const at = (name: string): Tensor => frozen.get(name)!;
  return ({ engine }: TrainingMethod, x: Tensor): Tensor => {
    let h = x;
    for (const layer of ["dense1", "dense2", "dense3"]) {
      const w = at(`${layer}.weight`);
      const whole = `${layer}.weight` === ADAPTED[1] ? engine.add(w, shift) : w;
      h = engine.activate(engine.add(engine.matMul(h, whole), at(`${layer}.bias`)), "relu");
    }
    return engine.add(engine.matMul(h, at("classifier.weight")), at("classifier.bias"));
  };
}

function normal({ engine }: TrainingMethod, random: Random, rows: number, cols: number): Tensor {
  return engine.tensor(random.fillNormal(new Float32Array(rows * cols)), [rows, cols]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, x) => total + x, 0);
}
