import { type Box, type CartesianGrid, sampled, squareGrid } from "../grid.ts";
import { designed, designOf, type KineticProblem, type Perimeter, type Setup } from "../problem.ts";
import { allSides, vacuum } from "../sides.ts";

const HALF = 3.5;

const design = {
  absorber: { value: 10, min: 0, description: "absorption of the eleven absorbers" },
  scatter: { value: 1, min: 0, description: "scattering of the background" },
  end: { value: 3.2, above: 0, description: "end time" },
};

type Design = Readonly<Record<keyof typeof design, number>>;

/** Number of the unit block that a coordinate lies in, from the left or from below. */
const block = (x: number): number => Math.floor(x + HALF);

/** Absorbers: every other one of the inner 5×5 blocks, but for the source and the top middle. */
function isAbsorber(i: number, j: number): boolean {
  const inner = i >= 1 && i <= 5 && j >= 1 && j <= 5;
  return inner && (i + j) % 2 === 0 && !(i === 3 && (j === 3 || j === 5));
}

/** The faces of an inner square that lie within a domain. */
const square = (name: string, half: number): Perimeter => ({
  name,
  x: [-half, half],
  y: [-half, half],
});

/** The lattice on a grid that may show a part of it. */
function latticeOn(
  g: CartesianGrid,
  { absorber, scatter, end }: Design,
): Omit<Setup, "sides"> {
  const isSource = (x: number, y: number): boolean => block(x) === 3 && block(y) === 3;
  const absorbs = (x: number, y: number): boolean => isAbsorber(block(x), block(y));
  return {
    grid: g,
    scattering: sampled(g, (x, y) => absorbs(x, y) ? 0 : isSource(x, y) ? 1 : scatter),
    absorption: sampled(g, (x, y) => absorbs(x, y) ? absorber : 0),
    source: sampled(g, (x, y) => isSource(x, y) ? 1 : 0),
    start: sampled(g, () => 0),
    time: end,
    regions: [],
    perimeters: [square("P1", 1.5), square("P2", 2.5)],
    probes: [],
  };
}

/** Cells whose faces lie on the edges of all blocks. */
function gridOf(box: Box, cells: number): CartesianGrid {
  if (cells % 7 === 0) return squareGrid(box, cells);
  throw new RangeError(
    `Cannot lay out the lattice: expected a number of cells that is a multiple of 7, got ${cells}`,
  );
}

/**
 * The lattice: a source in a checkerboard of absorbers that scatters around them (Brunner, 2002;
 * sizes and end time as in arXiv:2505.17284).
 */
export const lattice: KineticProblem = {
  name: "lattice",
  description: "a source among eleven absorbers on 7×7 blocks, vacuum around",
  dimension: 2,
  ...designed(design),
  setup(cells, chosen = {}) {
    const d = designOf(this, chosen) as Design;
    const g = gridOf({ x: [-HALF, HALF], y: [-HALF, HALF] }, cells);
    return { ...latticeOn(g, d), sides: allSides(vacuum) };
  },
};

/** The right half of the lattice: the same, as it is its own mirror image in x. */
export const halfLattice: KineticProblem = {
  name: "half-lattice",
  description: "the right half of the lattice, which reflects at the axis",
  dimension: 2,
  ...designed(design),
  setup(cells, chosen = {}) {
    const d = designOf(this, chosen) as Design;
    const g = gridOf({ x: [0, HALF], y: [-HALF, HALF] }, cells);
    const sides = { ...allSides(vacuum), left: { kind: "reflecting" as const } };
    return { ...latticeOn(g, d), sides };
  },
};

/** The lattice on [0, 7]², as some papers draw it. */
export const checkerboard: KineticProblem = {
  name: "checkerboard",
  description: "the lattice with its lower left corner at the origin",
  dimension: 2,
  ...designed(design),
  setup(cells, chosen = {}) {
    const { grid, perimeters, ...rest } = lattice.setup(cells, chosen);
    const moved = perimeters.map(({ name, x, y }) => ({ name, x: shifted(x), y: shifted(y) }));
    return { ...rest, grid: { ...grid, x0: 0, y0: 0 }, perimeters: moved };
  },
};

const shifted = ([begin, end]: readonly [number, number]): [number, number] => [
  begin + HALF,
  end + HALF,
];
