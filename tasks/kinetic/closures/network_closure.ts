/**
 * Closures by networks: float32 inside, float64 around them, some hundred cells in a batch. Those
 * that are gradients of input-convex networks need no engine, and threads share their cells.
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
  representationOf,
  type Tensor,
  type WeightStates,
} from "../../../core/mod.ts";
import { simdSweep } from "../simd_kernel.ts";
import { SweepTeam } from "../sweep_team.ts";
import { type Closure, type Multipliers, setOffsets } from "./closure.ts";
import type { ConvexLayer } from "./convex_kernel.ts";
import type { ClosureNetwork } from "./networks.ts";
import type { Densities } from "./densities.ts";
import { densitiesOf } from "./fastest_densities.ts";
import { bytesOf, NetworkCells, networkJobs } from "./network_cells.ts";
import type { MomentSystem } from "./system.ts";
import { Turning } from "./turning.ts";

/** Multipliers are cut to this before anything is raised to them, and exponents to the other. */
const [LARGEST, EXPONENT] = [50, 700];
/** Rows that an engine answers at once: their activations stay in the cache. */
const TOGETHER = 512;
/** Cells that threads share at once, as a row of a team. */
const ROW = 64;
const ACTION = "close moments by a network";

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
  /** Most threads that share the cells, default 1. No number depends on it. */
  readonly threads?: number;
}

/** The closure by a network. */
export class NetworkClosure implements Closure {
  readonly label: string;
  readonly system: MomentSystem;
  readonly gamma: number;
  readonly numbers: number;
  readonly #use: NetworkUse;
  readonly #largest: number;
  readonly #turning: Turning;
  #densities: Densities | undefined;
  /** Layers for threads that share the cells, once it is known whether there are any. */
  #layers: Promise<readonly ConvexLayer[] | undefined> | undefined;
  #shared: { readonly own: NetworkCells; readonly team: SweepTeam<NetworkCells> } | undefined;

  /** Makes the closure of a system that the network was trained for. */
  constructor(system: MomentSystem, use: NetworkUse) {
    this.system = system;
    this.gamma = use.gamma;
    this.numbers = use.model.parameters.stored;
    this.label = use.kind.name + (use.rotated ? ", rotated" : "");
    this.#use = use;
    this.#turning = new Turning(system);
    this.#largest = Math.min(LARGEST, EXPONENT / largestSum(system));
  }

  async close(ratios: Float64Array, found: Multipliers): Promise<void> {
    this.#layers ??= layersOf(this.#use);
    const layers = await this.#layers;
    if (layers) this.#closeTogether(layers, ratios, found);
    else await this.#closeByEngine(ratios, found);
    checkFinite(ACTION, "its multipliers", found.alpha);
  }

  /** Ends threads; they start again when they are needed. */
  [Symbol.dispose](): void {
    this.#shared?.team.close();
    this.#shared = undefined;
  }

  #closeTogether(
    layers: readonly ConvexLayer[],
    ratios: Float64Array,
    { alpha, offset }: Multipliers,
  ): void {
    const cells = offset.length;
    if (this.#shared?.own.cells !== cells) this.#open(layers, cells);
    const { own, team } = this.#shared!;
    own.ratios.set(ratios);
    team.run("close", (first, rows) => [first * ROW, Math.min(cells, (first + rows) * ROW)]);
    alpha.set(own.alpha);
    offset.set(own.offset);
  }

  #open(layers: readonly ConvexLayer[], cells: number): void {
    this[Symbol.dispose]();
    const { rotated, threads = 1 } = this.#use;
    const { system } = this;
    const buffer = new SharedArrayBuffer(bytesOf(system, cells));
    const setting = { system, layers, rotated, largest: this.#largest, cells, buffer };
    const others = {
      module: new URL("./network_member.ts", import.meta.url),
      setting: () => setting,
    };
    const own = new NetworkCells(setting);
    const rows = Math.ceil(cells / ROW);
    const team = new SweepTeam({ jobs: networkJobs, member: own, others }, rows, threads);
    this.#shared = { own, team };
  }

  async #closeByEngine(ratios: Float64Array, found: Multipliers): Promise<void> {
    const cells = found.offset.length;
    const { model: { engine, network, states }, rotated } = this.#use;
    const at = networkAt(engine, network, currentPoints(network, states));
    const size = this.system.count - 1;
    const together = rotated ? TOGETHER / 2 : TOGETHER;
    await engine.scope(async () => {
      const model = at.open();
      try {
        for (let first = 0; first < cells; first += together) {
          const count = Math.min(together, cells - first);
          const rows = rowsOf(ratios, { first, count, cells, room: rotated ? 2 * count : count });
          if (rotated) this.#turning.turn(rows, count);
          rows.set(await this.#answers(model, rows));
          if (rotated) this.#turning.undo(rows, count);
          for (let i = 0; i < count * size; i++) {
            const value = Math.min(this.#largest, Math.max(-this.#largest, rows[i]!));
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

  async #answers(model: Model, rows: Float64Array): Promise<Float32Array> {
    const { kind, model: { engine } } = this.#use;
    const size = this.system.count - 1;
    return await engine.scope(async () => {
      const x = engine.tensor(Float32Array.from(rows), [rows.length / size, size]);
      return await engine.read(kind.multipliers(model, x)) as Float32Array;
    });
  }
}

/** The layers of a network that threads can share: of a kind that has them, with full weights. */
async function layersOf(
  { kind, model: { engine, network, states } }: NetworkUse,
): Promise<readonly ConvexLayer[] | undefined> {
  const full = network.weights.every((spec) => representationOf(spec).anchor === "value");
  if (!kind.layers || !full || !simdSweep.available()) return undefined;
  const weights = new Map<string, Float32Array>();
  for (const { name } of network.weights) {
    weights.set(name, await engine.read(states[name]!.value as Tensor) as Float32Array);
  }
  return kind.layers(weights);
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
  { first, count, cells, room }: Readonly<Record<"first" | "count" | "cells" | "room", number>>,
): Float64Array {
  const size = planes.length / cells;
  const rows = new Float64Array(room * size);
  for (let k = 0; k < size; k++) {
    for (let c = 0; c < count; c++) rows[c * size + k] = planes[k * cells + first + c]!;
  }
  return rows;
}
