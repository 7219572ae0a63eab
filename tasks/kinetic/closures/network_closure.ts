/**
 * Closures by networks: float32 inside, float64 around them, all cells in one batch.
 *
 * @module
 */

import {
  checkFinite,
  currentPoints,
  type Engine,
  type Layer,
  networkAt,
  type WeightStates,
} from "../../../core/mod.ts";
import { type Closure, type Multipliers, setOffsets } from "./closure.ts";
import type { ClosureNetwork } from "./networks.ts";
import type { Densities } from "./densities.ts";
import { densitiesOf } from "./fastest_densities.ts";
import { Turner } from "./rotation.ts";
import type { MomentSystem } from "./system.ts";

/** Multipliers are cut to this before anything is raised to them, and exponents to the other. */
const [LARGEST, EXPONENT] = [50, 700];

/** A network with its weights, as a {@linkcode NetworkClosure} needs it. */
export interface ClosureModel {
  /** What runs it. */
  readonly engine: Engine;
  /** The network. */
  readonly network: Layer;
  /** Its weights. */
  readonly states: WeightStates;
  /** Numbers that it stores. */
  readonly parameters: { readonly stored: number };
}

/** How a network is used. */
export interface NetworkUse {
  /** Its kind. */
  readonly kind: ClosureNetwork;
  /** The network with its weights; they stay the caller's. */
  readonly model: ClosureModel;
  /** γ that it was trained for. */
  readonly gamma: number;
  /**
   * Whether moments are turned such that the first one lies on the axis, forth and back, and the
   * mean of both is turned back: then the closure turns with its moments.
   */
  readonly rotated: boolean;
}

/** The closure by a network. */
export class NetworkClosure implements Closure {
  readonly label: string;
  readonly system: MomentSystem;
  readonly gamma: number;
  readonly numbers: number;
  readonly #use: NetworkUse;
  readonly #largest: number;
  #densities: Densities | undefined;

  /** Makes the closure of a system that the network was trained for. */
  constructor(system: MomentSystem, use: NetworkUse) {
    this.system = system;
    this.gamma = use.gamma;
    this.numbers = use.model.parameters.stored;
    this.label = use.kind.name + (use.rotated ? ", rotated" : "");
    this.#use = use;
    this.#largest = Math.min(LARGEST, EXPONENT / largestSum(system));
  }

  async close(ratios: Float64Array, found: Multipliers): Promise<void> {
    const cells = found.offset.length;
    const size = this.system.count - 1;
    const alpha = this.#use.rotated
      ? await this.#turned(ratios, cells, size)
      : await this.#answers(rowsOf(ratios, cells, size), cells);
    for (let c = 0; c < cells; c++) {
      for (let k = 0; k < size; k++) {
        const value = alpha[c * size + k]!;
        found.alpha[k * cells + c] = Math.min(this.#largest, Math.max(-this.#largest, value));
      }
    }
    if (this.#densities?.result.length !== cells) {
      this.#densities = densitiesOf(this.system, cells);
    }
    setOffsets(this.system, found, this.#densities);
  }

  /** α_# = ½ Rᵀ (N(R ū) + P N(P R ū)), row after row. */
  async #turned(ratios: Float64Array, cells: number, size: number): Promise<Float64Array> {
    const rows = rowsOf(ratios, cells, size);
    const both = new Float64Array(2 * cells * size);
    const turner = new Turner(this.system);
    const { parity } = turner;
    for (let c = 0; c < cells; c++) {
      turner.align(rows, c * size);
      turner.turn(rows, c * size, both);
      for (let k = 0; k < size; k++) {
        both[(cells + c) * size + k] = parity[k]! * both[c * size + k]!;
      }
    }
    const answers = await this.#answers(both, 2 * cells);
    const mean = new Float64Array(cells * size);
    for (let c = 0; c < cells; c++) {
      for (let k = 0; k < size; k++) {
        const [forth, back] = [answers[c * size + k]!, answers[(cells + c) * size + k]!];
        mean[c * size + k] = 0.5 * (forth + parity[k]! * back);
      }
      turner.align(rows, c * size);
      turner.undoDual(mean, c * size);
    }
    return mean;
  }

  async #answers(
    rows: Float32Array | Float64Array,
    count: number,
  ): Promise<Float32Array> {
    const { kind, model: { engine, network, states } } = this.#use;
    const at = networkAt(engine, network, currentPoints(network, states));
    return await engine.scope(async () => {
      const model = at.open();
      try {
        const x = engine.tensor(Float32Array.from(rows), [count, rows.length / count]);
        const answers = await engine.read(kind.multipliers(model, x)) as Float32Array;
        return checkFinite("close moments by a network", "its multipliers", answers);
      } finally {
        model.dispose();
      }
    });
  }
}

/** Largest Σ |m_k(Ω)| of a direction over what follows m₀. */
function largestSum({ count, values, ordinates: { weights } }: MomentSystem): number {
  const sums = Array.from(weights, (_, q) => {
    let sum = 0;
    for (let k = 1; k < count; k++) sum += Math.abs(values[k * weights.length + q]!);
    return sum;
  });
  return Math.max(...sums);
}

/** From function after function to cell after cell. */
function rowsOf(planes: Float64Array, cells: number, size: number): Float64Array {
  const rows = new Float64Array(cells * size);
  for (let k = 0; k < size; k++) {
    for (let c = 0; c < cells; c++) rows[c * size + k] = planes[k * cells + c]!;
  }
  return rows;
}
