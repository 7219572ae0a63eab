/**
 * The stages in WebAssembly with two float64 lanes, assembled for the scheme at hand.
 *
 * @module
 */

import { assemble, FunctionBuilder, PAGE, v128 } from "../../core/wasm/mod.ts";
import { layoutOf } from "./grid.ts";
import {
  DIRECTION,
  directionTable,
  sizesOf,
  slopeMask,
  type StageWay,
  type SweepKernel,
  type SweepKernelKind,
  type SweepScheme,
} from "./kernel.ts";
import { addressesOf, BYTES, type SweepAddresses, TURN_BYTES, writeTurns } from "./simd_layout.ts";
import { bindSweep, type SweepFunctions, sweepJobs, type SweepModule } from "./simd_module.ts";
import { inOrder, stageFunction } from "./simd_stage.ts";
import { SweepTeam } from "./sweep_team.ts";

/** Two cells at a time. */
export const simdSweep: SweepKernelKind = {
  name: "wasm-simd",
  description: "WebAssembly SIMD, two cells at a time",
  available: () => WebAssembly.validate(assemble({ f: probe() })),
  create: (scheme, threads = 1) => new SimdSweep(scheme, threads),
};

class SimdSweep implements SweepKernel {
  readonly states: readonly [Float64Array, Float64Array];
  readonly kept: Float64Array;
  readonly source: Float64Array;
  readonly flux: Float64Array;
  readonly clipped: Float64Array;
  readonly #scheme: SweepScheme;
  readonly #at: SweepAddresses;
  readonly #directions: Float64Array;
  readonly #team: SweepTeam<SweepFunctions>;

  constructor(scheme: SweepScheme, threads: number) {
    const at = addressesOf(scheme);
    const { state, field } = sizesOf(scheme);
    const { weights } = scheme.ordinates;
    const memory = memoryOf(at.end, threads > 1);
    const view = (address: number, length: number): Float64Array =>
      new Float64Array(memory.buffer, address, length);
    this.#scheme = scheme;
    this.#at = at;
    this.states = [view(at.states[0], state), view(at.states[1], state)];
    [this.kept, this.source, this.flux] = [0, 1, 2].map((k) =>
      view(at.kept + k * at.field, field)
    ) as [Float64Array, Float64Array, Float64Array];
    this.clipped = view(at.clipped, 2 * scheme.grid.ny);
    this.#directions = view(at.directions, DIRECTION.size * weights.length);
    view(at.maskX, scheme.grid.nx + 2).set(slopeMask(scheme, "x"));
    view(at.maskY, scheme.grid.ny + 2).set(slopeMask(scheme, "y"));
    const turns = TURN_BYTES / 4 * weights.length;
    writeTurns(scheme, at, new Int32Array(memory.buffer, at.turns, turns));
    const binary = binaryOf(scheme, at, threads > 1);
    const module: SweepModule = { memory, binary };
    const others = {
      module: new URL("./simd_member.ts", import.meta.url),
      setting: () => module,
    };
    const team = { jobs: sweepJobs, member: bindSweep(module), others };
    this.#team = new SweepTeam(team, scheme.grid.ny, threads);
  }

  setStep(dt: number): void {
    this.#directions.set(directionTable(this.#scheme, dt));
  }

  stage(from: 0 | 1, to: 0 | 1, way: StageWay): void {
    const at = this.#at;
    const origin = BYTES * layoutOf(this.#scheme.grid).origin;
    this.#team.run(way, (first, rows, piece) =>
      inOrder({
        from: at.states[from] + origin + first * at.pitch,
        to: at.states[to] + origin + first * at.pitch,
        kept: at.kept + first * at.fieldPitch,
        clipped: at.clipped + 2 * BYTES * first,
        maskY: at.maskY + BYTES * (first + 1),
        rows,
        ring: at.rings + piece * at.ring,
      }));
  }

  close(): void {
    this.#team.close();
  }
}

/**
 * A memory of so many bytes.
 *
 * @throws {RangeError} When it is larger than a memory of WebAssembly can be.
 */
export function memoryOf(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (error) {
    throw new RangeError(
      `Cannot hold the states: expected at most 4 GiB that are free, got ${bytes} bytes; take ` +
        "fewer cells or directions, or --solver low-rank",
      { cause: error },
    );
  }
}

function binaryOf(
  scheme: SweepScheme,
  at: SweepAddresses,
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const ways: readonly StageWay[] = ["step", "mean", "collide"];
  const functions = ways.map((way) => [way, stageFunction(scheme, at, way)] as const);
  return assemble(Object.fromEntries(functions), shared, Math.ceil(at.end / PAGE));
}

function probe(): FunctionBuilder {
  const f = new FunctionBuilder();
  f.returns(v128.laneF64(v128.constF64(1), 0));
  return f;
}
