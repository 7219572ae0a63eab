/**
 * Collision operators that are networks.
 *
 * @module
 */

import {
  denseStates,
  disposeStates,
  type Matrix,
  matrix,
  matrixOf,
  type Tensor,
  type TrainingMethod,
  type WeightStates,
} from "../../../core/mod.ts";
import { type Conservation, type DeepOnet, deepOnet } from "../../../layers/mod.ts";
import type { WeightOptions } from "../../../layers/mod.ts";
import { integrals, type VelocityNodes } from "./nodes.ts";
import type { CollisionOperator } from "./operator.ts";

/** Sizes of a network for collisions. */
export interface CollisionNetworkOptions {
  /** How mass is kept. */
  readonly conservation: Conservation;
  /** Neurons of each hidden layer, of branch and trunk. */
  readonly hidden: readonly number[];
  /** Functions that outputs are made of. */
  readonly modes: number;
  /** How the matrices of the branch are stored; default in full. */
  readonly format?: WeightOptions;
  /** What collisions conserve, nodes × their number; default mass, the function 1. */
  readonly invariants?: Matrix;
}

/** A network from densities of mass 1 to what collisions do to them, but for a factor. */
export function collisionNetwork(
  { points, weights }: VelocityNodes,
  { conservation, hidden, modes, format, invariants }: CollisionNetworkOptions,
): DeepOnet {
  return deepOnet({
    domain: {
      nodes: points,
      weights,
      invariants: invariants ?? matrixOf(points.rows, 1, () => 1),
    },
    branch: hidden,
    trunk: hidden,
    modes,
    conservation,
    ...(format && { format }),
  });
}

/**
 * The operator Q(f) = s ρ y(f/ρ) of a network y, with ρ = ∫ f: homogeneous of degree 1, in float64.
 *
 * @param weights Every weight of the network in full, see {@linkcode fullWeights}.
 * @param scale s, the size of what it was taught.
 */
export function learntCollision(
  nodes: VelocityNodes,
  network: DeepOnet,
  weights: ReadonlyMap<string, Matrix>,
  scale: number,
): CollisionOperator {
  const map = network.exact(weights);
  return {
    apply(f) {
      const mass = integrals(nodes, f);
      const at = (k: number): number => mass[Math.floor(k / f.cols)]!;
      // Nothing collides in a vacuum.
      const y = map({ ...f, data: f.data.map((v, k) => at(k) === 0 ? 0 : v / at(k)) });
      return { ...y, data: y.data.map((v, k) => at(k) === 0 ? 0 : scale * at(k) * v) };
    },
  };
}

/** Every weight in full and in float64, by name; biases are rows. */
export async function fullWeights(
  method: TrainingMethod,
  network: DeepOnet,
  states: WeightStates,
): Promise<Map<string, Matrix>> {
  const found = new Map<string, Matrix>();
  const full = await denseStates(method, network, states);
  for (const { name, shape } of network.weights) {
    const data = await method.engine.read(full[name]!.value as Tensor);
    const cols = shape.at(-1)!;
    found.set(name, matrix(data, data.length / cols, cols));
  }
  disposeStates(full, {});
  return found;
}
