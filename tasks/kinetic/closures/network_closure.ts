/**
 * Closures by networks: float32 inside, float64 around them, some hundred cells in a batch.
 *
 * @module
 */

import {
  checkFinite,
  currentPoints,
  type Engine,
  type Layer,
  type Model,
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
/** Rows that a network answers at once: their activations stay in the cache. */
const TOGETHER = 512;

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
  readonly #turner: Turner;
  #densities: Densities | undefined;

  /** Makes the closure of a system that the network was trained for. */
  constructor(system: MomentSystem, use: NetworkUse) {
    this.system = system;
    this.gamma = use.gamma;
    this.numbers = use.model.parameters.stored;
    this.label = use.kind.name + (use.rotated ? ", rotated" : "");
    this.#use = use;
    this.#turner = new Turner(system);
    this.#largest = Math.min(LARGEST, EXPONENT / largestSum(system));
  }

  async close(ratios: Float64Array, found: Multipliers): Promise<void> {
    const cells = found.offset.length;
    const { model: { engine, network, states }, rotated } = this.#use;
    const at = networkAt(engine, network, currentPoints(network, states));
    const size = this.system.count - 1;
    const together = rotated ? TOGETHER / 2 : TOGETHER;
    await engine.scope(async () => {
      const model = at.open();
      try {
        for (let first = 0; first < cells; first += together) {
          const rows = rowsOf(ratios, { first, count: Math.min(together, cells - first), cells });
          const alpha = rotated
            ? await this.#turned(model, rows)
            : await this.#answers(model, rows);
          for (let i = 0; i < rows.length; i++) {
            const value = Math.min(this.#largest, Math.max(-this.#largest, alpha[i]!));
            found.alpha[i % size * cells + first + Math.floor(i / size)] = value;
          }
        }
      } finally {
        model.dispose();
      }
    });
    if (this.#densities?.result.length !== cells) {
      this.#densities = densitiesOf(this.system, cells);
    }
    setOffsets(this.system, found, this.#densities);
  }

  /** α_# = ½ Rᵀ (N(R ū) + P N(P R ū)), row after row. */
  async #turned(model: Model, rows: Float64Array): Promise<Float64Array> {
    const size = this.system.count - 1;
    const { length } = rows;
    const both = new Float64Array(2 * length);
    const { parity } = this.#turner;
    for (let from = 0; from < length; from += size) {
      this.#turner.align(rows, from);
      this.#turner.turn(rows, from, both);
      for (let k = 0; k < size; k++) both[length + from + k] = parity[k]! * both[from + k]!;
    }
    const answers = await this.#answers(model, both);
    const mean = new Float64Array(length);
    for (let from = 0; from < length; from += size) {
      for (let k = 0; k < size; k++) {
        mean[from + k] = 0.5 * (answers[from + k]! + parity[k]! * answers[length + from + k]!);
      }
      this.#turner.align(rows, from);
      this.#turner.undoDual(mean, from);
    }
    return mean;
  }

  async #answers(model: Model, rows: Float64Array): Promise<Float32Array> {
    const { kind, model: { engine } } = this.#use;
    const size = this.system.count - 1;
    return await engine.scope(async () => {
      const x = engine.tensor(Float32Array.from(rows), [rows.length / size, size]);
      const answers = await engine.read(kind.multipliers(model, x)) as Float32Array;
      return checkFinite("close moments by a network", "its multipliers", answers);
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

/** Cells from the first of some on: from function after function to cell after cell. */
function rowsOf(
  planes: Float64Array,
  some: { readonly first: number; readonly count: number; readonly cells: number },
): Float64Array {
  const { first, count, cells } = some;
  const size = planes.length / cells;
  const rows = new Float64Array(count * size);
  for (let k = 0; k < size; k++) {
    for (let c = 0; c < count; c++) rows[c * size + k] = planes[k * cells + first + c]!;
  }
  return rows;
}
