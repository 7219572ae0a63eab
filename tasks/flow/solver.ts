/**
 * A flow past a body: time steps, forces, and the adjoint of both.
 *
 * @module
 */

import type { Body } from "./body.ts";
import { type Channel } from "./channel.ts";
import { fillFrame, fillFrameAdjoint, type Frame, frame } from "./frame.ts";
import { fastestKernel, type FlowKernel, type FlowKernelKind } from "./kernel.ts";
import {
  clearSolid,
  fillSurface,
  fillSurfaceAdjoint,
  parameterGradient,
  type Surface,
  surface,
} from "./surface.ts";

/** Force coefficients: force over ½ ρ U² D. */
export interface Forces {
  /** Along the flow. */
  readonly drag: number;
  /** Across the flow. */
  readonly lift: number;
}

/** Numbers of the kernel's states: two that steps go to and fro, and two for adjoints. */
const FORWARD = [0, 1] as const;
const BACKWARD = [2, 3] as const;

/** A flow past one body. Bodies can be exchanged; the memory stays. */
export class FlowSolver {
  /** The channel. */
  readonly channel: Channel;
  readonly #kernel: FlowKernel;
  readonly #frame: Frame;
  #surface: Surface;
  #now: 0 | 1 = 0;
  #adjointNow: 0 | 1 = 0;
  #dq: Float64Array;

  /**
   * Makes a solver at rest.
   *
   * @param channel Where the flow is.
   * @param body What it passes.
   * @param kind How the bulk is computed; default the fastest that works here.
   */
  constructor(channel: Channel, body: Body, kind: FlowKernelKind = fastestKernel()) {
    this.channel = channel;
    this.#kernel = kind.create(channel.grid, channel.relaxation, 4);
    this.#frame = frame(channel);
    this.#surface = surface(channel, body);
    this.#dq = new Float64Array(this.#surface.to.length);
  }

  /** Puts another body in the place of the last one; the state stays as it is, see `load`. */
  replace(body: Body): void {
    this.#surface = surface(this.channel, body);
    this.#dq = new Float64Array(this.#surface.to.length);
  }

  /** The surface of the body on the lattice. */
  get surface(): Surface {
    return this.#surface;
  }

  /** The state, valid until the next step; do not write to it. */
  get state(): Float64Array {
    return this.#kernel.states[FORWARD[this.#now]]!;
  }

  /** Copies a state in; cells that are solid now are cleared. */
  load(state: Float64Array): void {
    this.state.set(state);
    clearSolid(this.#surface, this.state);
  }

  /** Advances by one step and tells the forces at its beginning. */
  step(): Forces {
    const forces = this.#fill();
    const next = this.#now === 0 ? 1 : 0;
    this.#kernel.step(FORWARD[this.#now], FORWARD[next]);
    this.#now = next;
    clearSolid(this.#surface, this.state);
    return forces;
  }

  #fill(): Forces {
    fillFrame(this.#frame, this.state);
    const [drag, lift] = fillSurface(this.#surface, this.state);
    return { drag: drag * this.forceScale, lift: lift * this.forceScale };
  }

  /** Force coefficient of a force in lattice units. */
  get forceScale(): number {
    const { velocity, diameter } = this.channel;
    return 2 / (velocity * velocity * diameter);
  }

  /** The adjoint of the state, valid until the next step back; do not write to it. */
  get adjoint(): Float64Array {
    return this.#kernel.states[BACKWARD[this.#adjointNow]]!;
  }

  /** Begins a sweep backwards: the derivative of the objective in the last state is 0. */
  beginAdjoint(): void {
    for (const k of BACKWARD) this.#kernel.states[k]!.fill(0);
    this.#dq.fill(0);
  }

  /**
   * Takes the adjoint from the end of a step to its beginning.
   *
   * @param state The state at the beginning of the step; it becomes the state of this solver.
   * @param seed Derivatives of the objective in the forces that the step told.
   */
  stepBack(state: Float64Array, seed: Forces): void {
    if (state !== this.state) this.state.set(state);
    this.#fill();
    clearSolid(this.#surface, this.adjoint);
    const next = this.#adjointNow === 0 ? 1 : 0;
    this.#kernel.adjoint(
      FORWARD[this.#now],
      BACKWARD[this.#adjointNow],
      BACKWARD[next],
    );
    this.#adjointNow = next;
    const scale = this.forceScale;
    const [drag, lift] = [scale * seed.drag, scale * seed.lift];
    fillSurfaceAdjoint(this.#surface, this.state, this.adjoint, drag, lift, this.#dq);
    fillFrameAdjoint(this.#frame, this.adjoint);
  }

  /** Derivatives of the objective in the parameters of the body, over the steps taken back. */
  gradient(): Float64Array {
    return parameterGradient(this.#surface, this.#dq);
  }
}
