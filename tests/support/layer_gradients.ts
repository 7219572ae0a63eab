/** Derivatives of layers against difference quotients. */

import {
  currentPoints,
  disposeStates,
  type Engine,
  initialStates,
  type Layer,
  Pass,
  Random,
  representationOf,
  type Tensor,
  type TrainingMethod,
  type WeightPoint,
  type WeightStates,
} from "../../core/mod.ts";

/** Step of the difference quotient: errors of h² and of round-off over h are alike here. */
const STEP = 5e-3;

/** A directional derivative from both sides. */
export interface Slope {
  /** What moved: "x" or the name of a weight. */
  readonly of: string;
  /** ⟨gradient, direction⟩. */
  readonly gradient: number;
  /** (f(+h) − f(−h)) / 2h. */
  readonly quotient: number;
  /** Length of gradient times that of direction, to judge the difference by. */
  readonly scale: number;
}

/** Values that differ by at least 2 % of their spread: no maximum changes hands within a step. */
export function spacedValues(random: Random, size: number): Float32Array {
  const order = random.permutation(size);
  return Float32Array.from(order, (rank) => (rank - size / 2) * Math.max(0.04, 4 / size));
}

/**
 * Slopes of f = Σ c ∘ layer(x), with random c, in the input and in every weight that is
 * differentiated, each along a random direction.
 */
export async function slopesOf(
  method: TrainingMethod,
  layer: Layer,
  x: Float32Array,
  shape: readonly number[],
  training: boolean,
): Promise<Slope[]> {
  const states = await initialStates(method, layer, 3);
  try {
    return await method.engine.scope(() => slopes(method, layer, states, x, shape, training));
  } finally {
    disposeStates(states, {});
  }
}

/** One point of evaluation: the input and what the weights are. */
interface Place {
  readonly x: Tensor;
  readonly points: Map<string, WeightPoint>;
}

async function slopes(
  { engine }: TrainingMethod,
  layer: Layer,
  states: WeightStates,
  data: Float32Array,
  shape: readonly number[],
  training: boolean,
): Promise<Slope[]> {
  const random = new Random(8);
  const place: Place = {
    x: engine.tensor(data, shape),
    points: shaken(engine, layer, new Map(currentPoints(layer, states)), random),
  };
  const f = functional(engine, layer, place, training, random);
  const moved = layer.weights.flatMap((spec) => {
    const { anchor } = representationOf(spec);
    return anchor === undefined ? [] : [{ name: spec.name, anchor }];
  });
  const inputs = [place.x, ...moved.map(({ name, anchor }) => place.points.get(name)![anchor]!)];
  const { gradients } = engine.gradients(() => f.value(place), inputs);
  const out: Slope[] = [];
  for (const [i, input] of inputs.entries()) {
    const direction = random.fillNormal(new Float32Array(input.size));
    const g = await engine.read(gradients[i]!);
    const at = (h: number): Place => {
      const t = engine.add(input, engine.tensor(direction.map((d) => h * d), input.shape));
      if (i === 0) return { ...place, x: t };
      const { name, anchor } = moved[i - 1]!;
      const points = new Map(place.points);
      points.set(name, { ...points.get(name)!, [anchor]: t });
      return { ...place, points };
    };
    const value = async (h: number): Promise<number> => (await engine.read(f.value(at(h))))[0]!;
    out.push({
      of: i === 0 ? "x" : moved[i - 1]!.name,
      gradient: direction.reduce((sum, d, k) => sum + d * g[k]!, 0),
      quotient: (await value(STEP) - await value(-STEP)) / (2 * STEP),
      scale: Math.hypot(...g) * Math.hypot(...direction),
    });
  }
  f.dispose();
  return out;
}

/** Biases and scales start at zeros and ones, where mistakes hide: move them. */
function shaken(
  engine: Engine,
  layer: Layer,
  points: Map<string, WeightPoint>,
  random: Random,
): Map<string, WeightPoint> {
  for (const { name, shape, format } of layer.weights) {
    if (format !== "dense" || shape.length > 1) continue;
    const noise = random.fillUniform(new Float32Array(shape[0]!), 0.2, 0.8);
    points.set(name, { value: engine.add(points.get(name)!.value!, engine.tensor(noise, shape)) });
  }
  return points;
}

/** f, and a way to free what its passes captured and observed. */
interface Functional {
  value(place: Place): Tensor;
  dispose(): void;
}

function functional(
  engine: Engine,
  layer: Layer,
  start: Place,
  training: boolean,
  random: Random,
): Functional {
  const passes: Pass[] = [];
  const run = ({ x, points }: Place): Tensor => {
    const pass = new Pass(engine, layer, points, { training, random: new Random(5) });
    passes.push(pass);
    return layer.forward(pass, x);
  };
  const y = run(start);
  const c = engine.tensor(random.fillNormal(new Float32Array(y.size)), y.shape);
  return {
    value: (place) => engine.sum(engine.mul(run(place), c)),
    dispose: () => passes.forEach((pass) => pass.dispose()),
  };
}
