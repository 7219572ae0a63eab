/**
 * The problems that come along.
 *
 * @module
 */

import { kineticProblems } from "../problem.ts";
import { homogeneous, manufactured, manufacturedSlab } from "./checks.ts";
import { hohlraum, quarterHohlraum } from "./hohlraum.ts";
import { checkerboard, halfLattice, lattice } from "./lattice.ts";
import { lineSource, planeSource } from "./sources.ts";

kineticProblems.add(lattice);
kineticProblems.add(halfLattice);
kineticProblems.add(checkerboard);
kineticProblems.add(hohlraum);
kineticProblems.add(quarterHohlraum);
kineticProblems.add(planeSource);
kineticProblems.add(lineSource);
kineticProblems.add(homogeneous);
kineticProblems.add(manufactured);
kineticProblems.add(manufacturedSlab);

export { checkerboard, halfLattice, lattice } from "./lattice.ts";
export { hohlraum, quarterHohlraum } from "./hohlraum.ts";
export { lineSource, planeSource } from "./sources.ts";
export { homogeneous, manufactured, manufacturedSlab } from "./checks.ts";
