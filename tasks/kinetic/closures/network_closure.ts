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
import { alignment } from "./rotation.ts";
import type { MomentSystem } from "./system.ts";

/** Multipliers are cut to this before anything is raised to them. */
const LARGEST = 50;

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

  /** Makes the closure of a system that the network was trained for. */
  constructor(system: MomentSystem, use: NetworkUse) {
    this.system = system;
    this.gamma = use.gamma;
    this.numbers = use.model.parameters.stored;
    this.label = use.kind.name + (use.rotated ? ", rotated" : "");
    this.#use = use;
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
        found.alpha[k * cells + c] = Math.min(LARGEST, Math.max(-LARGEST, value));
      }
    }
    setOffsets(this.system, found);
  }

  /** α_# = ½ Rᵀ (N(R ū) + P N(P R ū)), row after row. */
  async #turned(ratios: Float64Array, cells: number, size: number): Promise<Float64Array> {
    const align = alignment(this.system);
    const rows = rowsOf(ratios, cells, size);
    const both = new Float32Array(2 * cells * size);
    const turns = Array.from({ length: 2 * cells }, (_, i) => {
      const u = rows.subarray((i % cells) * size, (i % cells + 1) * size);
      const turned = align(u, i >= cells);
      both.set(turned.turn(u), i * size);
      return turned;
    });
    const answers = await this.#answers(both, 2 * cells);
    const mean = new Float64Array(cells * size);
    turns.forEach((turned, i) => {
      const back = turned.undoDual(answers.subarray(i * size, (i + 1) * size));
      const from = (i % cells) * size;
      for (let k = 0; k < size; k++) mean[from + k]! += 0.5 * back[k]!;
    });
    return mean;
  }

  async #answers(
    rows: Float32Array | Float64Array,
    count: number,
  ): Promise<ArrayLike<number> & Float32Array> {
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

/** From function after function to cell after cell. */
function rowsOf(planes: Float64Array, cells: number, size: number): Float64Array {
  const rows = new Float64Array(cells * size);
  for (let k = 0; k < size; k++) {
    for (let c = 0; c < cells; c++) rows[c * size + k] = planes[k * cells + c]!;
  }
  return rows;
}
