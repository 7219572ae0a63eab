/**
 * A flow past a body: time steps, forces, and the adjoint of both.
 *
 * @module
 */

import { arrayKeeper, type StateKeeper } from "../../core/mod.ts";
import type { Body } from "./body.ts";
import type { Channel } from "./channel.ts";
import { fillFrame, fillFrameAdjoint, type Frame, frame, parabola } from "./frame.ts";
import { fastestKernel, type FlowKernel, type FlowKernelKind } from "./kernel.ts";
import {
  addLeftover,
  parameterGradient,
  type PorousBody,
  porousBody,
  throwBack,
  throwBackAdjoint,
} from "./porous_body.ts";
import { StatePool } from "./state_pool.ts";

/** Force coefficients: force over ½ ρ U² D. */
export interface Forces {
  /** Along the flow. */
  readonly drag: number;
  /** Across the flow. */
  readonly lift: number;
}

/** Numbers of the kernel's states for adjoints; the others are for states. */
const BACKWARD = [0, 1] as const;
/** Number of the first of the others. */
const FORWARD = 2;
/** States that a step needs. */
const STEPPING = 2;

/** A flow past one body. Bodies can be exchanged; the memory stays. */
export class FlowSolver {
  /** The channel. */
  readonly channel: Channel;
  /** Most states that sweeps backwards can keep without copying them; 0: they copy. */
  readonly kept: number;
  /**
   * Keeps states of sweeps backwards, and their memory from one sweep to the next: the system takes
   * longer to hand out new pages than a time step takes.
   */
  readonly keeper: StateKeeper<Float64Array, unknown>;
  readonly #kernel: FlowKernel;
  readonly #frame: Frame;
  #body: PorousBody;
  readonly #pool: StatePool;
  #now: number;
  #adjointNow: 0 | 1 = 0;
  #degrees: Float64Array;

  /**
   * Makes a solver at rest.
   *
   * @param channel Where the flow is.
   * @param body What it passes.
   * @param kind How the bulk is computed; default the fastest that works here.
   * @param threads Most threads that share the rows, default 1; with more, see
   *   {@linkcode FlowSolver.close}.
   * @param kept Places for states of sweeps backwards, default 0: they are copied elsewhere.
   */
  constructor(
    channel: Channel,
    body: Body,
    kind: FlowKernelKind = fastestKernel(),
    threads: number = 1,
    kept: number = 0,
  ) {
    this.channel = channel;
    const places = Array.from({ length: STEPPING + kept }, (_, k) => FORWARD + k);
    this.#pool = new StatePool(places);
    this.#now = this.#pool.take();
    this.kept = kept;
    this.keeper = kept > 0 ? this.#poolKeeper() : arrayKeeper<Float64Array>();
    this.#kernel = kind.create(
      channel.grid,
      channel.relaxation,
      FORWARD + places.length,
      threads,
    );
    this.#frame = frame(channel);
    this.#body = porousBody(channel, body);
    this.#degrees = new Float64Array(this.#body.cells.length);
  }

  /** Ends the threads that help; the solver can go on with one. */
  close(): void {
    this.#kernel.close?.();
  }

  /** The same as {@linkcode FlowSolver.close}, at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Puts another body in the place of the last one; the state stays as it is, see `load`. */
  replace(body: Body): void {
    this.#body = porousBody(this.channel, body);
    this.#degrees = new Float64Array(this.#body.cells.length);
  }

  /** The body on the lattice. */
  get body(): PorousBody {
    return this.#body;
  }

  /** The state, valid until the next step; do not write to it. */
  get state(): Float64Array {
    return this.#kernel.states[this.#now]!;
  }

  /** Copies a state in. */
  load(state: Float64Array): void {
    this.state.set(state);
  }

  /** Begins with the inflow profile everywhere. */
  loadInflow(): void {
    this.load(parabola(this.channel));
  }

  /** Advances by one step and tells the forces on the way. */
  step(): Forces {
    const before = this.state;
    fillFrame(this.#frame, before);
    const next = this.#pool.take();
    this.#kernel.step(this.#now, next);
    this.#move(next);
    const [drag, lift] = throwBack(this.#body, before, this.state);
    return { drag: drag * this.forceScale, lift: lift * this.forceScale };
  }

  /** Goes on from the state at a place that was taken or shared for this. */
  #move(place: number): void {
    this.#pool.release(this.#now);
    this.#now = place;
  }

  /** Keeps states where they are: steps go to other places. */
  #poolKeeper(): StateKeeper<Float64Array, number> {
    return {
      save: () => this.#pool.share(this.#now),
      load: (place, _, last) => {
        this.#move(last ? place : this.#pool.share(place));
        return this.state;
      },
      drop: (place) => this.#pool.release(place),
      bytes: (state) => state.byteLength,
    };
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
    this.#degrees.fill(0);
  }

  /**
   * Takes the adjoint from the end of a step to its beginning.
   *
   * @param state The state at the beginning of the step; it becomes the state of this solver.
   * @param seed Derivatives of the objective in the forces that the step told.
   */
  stepBack(state: Float64Array, seed: Forces): void {
    if (state !== this.state) this.state.set(state);
    fillFrame(this.#frame, this.state);
    const force = [this.forceScale * seed.drag, this.forceScale * seed.lift] as const;
    const leftover = throwBackAdjoint(this.#body, this.state, this.adjoint, force, this.#degrees);
    const next = this.#adjointNow === 0 ? 1 : 0;
    this.#kernel.adjoint(this.#now, BACKWARD[this.#adjointNow], BACKWARD[next]);
    this.#adjointNow = next;
    addLeftover(this.#body, leftover, this.adjoint);
    fillFrameAdjoint(this.#frame, this.adjoint);
  }

  /** Derivatives of the objective in the parameters of the body, over the steps taken back. */
  gradient(): Float64Array {
    return parameterGradient(this.#body, this.#degrees);
  }
}
