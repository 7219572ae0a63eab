import { simdSweep } from "../simd_kernel.ts";
import { type Densities, PlainDensities } from "./densities.ts";
import { SimdDensities } from "./simd_densities.ts";
import type { MomentSystem } from "./system.ts";

/** The fastest that works here. */
export function densitiesOf(system: MomentSystem, cells: number): Densities {
  return simdSweep.available()
    ? new SimdDensities(system, cells)
    : new PlainDensities(system, cells);
}
