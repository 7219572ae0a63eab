import { type Box, type CartesianGrid, sampled, squareGrid } from "../grid.ts";
import { designed, designOf, type KineticProblem, type Setup } from "../problem.ts";
import { allSides, type Side, vacuum } from "../sides.ts";

const HALF = 0.65;

const design = {
  redLeft: { value: -0.6, description: "inner edge of the left wall" },
  redRight: { value: 0.6, description: "inner edge of the right wall" },
  leftTop: { value: 0.4, description: "upper end of the left wall" },
  leftBottom: { value: -0.4, description: "lower end of the left wall" },
  rightTop: { value: 0.4, description: "upper end of the right wall" },
  rightBottom: { value: -0.4, description: "lower end of the right wall" },
  capsuleX: { value: 0, description: "centre of the capsule, x" },
  capsuleY: { value: 0, description: "centre of the capsule, y" },
  gapsOnly: {
    value: 0,
    oneOf: [0, 1],
    description: "1: inflow beside the walls only; 0: also behind them",
  },
  end: { value: 2.6, above: 0, description: "end time" },
};

type Design = Readonly<Record<keyof typeof design, number>>;

/** A material with the places where it is; later ones lie on top of earlier ones. */
interface Material {
  readonly scattering: number;
  readonly attenuation: number;
  readonly holds: (x: number, y: number) => boolean;
}

const isRed = (d: Design) => (x: number, y: number): boolean =>
  x < d.redLeft && y > d.leftBottom && y < d.leftTop ||
  x > d.redRight && y > d.rightBottom && y < d.rightTop;

const isBlack = (_x: number, y: number): boolean => Math.abs(y) > 0.6;

const inBox = (d: Design, halfWidth: number, halfHeight: number) => (x: number, y: number) =>
  Math.abs(x - d.capsuleX) < halfWidth && Math.abs(y - d.capsuleY) < halfHeight;

function materialsOf(d: Design): Material[] {
  return [
    { scattering: 0.1, attenuation: 0.1, holds: () => true },
    { scattering: 95, attenuation: 100, holds: isRed(d) },
    { scattering: 90, attenuation: 100, holds: inBox(d, 0.2, 0.4) },
    { scattering: 0, attenuation: 100, holds: inBox(d, 0.15, 0.35) },
    { scattering: 50, attenuation: 100, holds: isBlack },
  ];
}

function hohlraumOn(grid: CartesianGrid, d: Design): Omit<Setup, "sides"> {
  const materials = materialsOf(d);
  const at = (x: number, y: number): Material => materials.findLast(({ holds }) => holds(x, y))!;
  const region = (name: string, holds: (x: number, y: number) => boolean) => ({
    name,
    cells: sampled(grid, (x, y) => holds(x, y) ? 1 : 0),
  });
  return {
    grid,
    scattering: sampled(grid, (x, y) => at(x, y).scattering),
    absorption: sampled(grid, (x, y) => at(x, y).attenuation - at(x, y).scattering),
    source: sampled(grid, () => 0),
    start: sampled(grid, () => 0),
    time: d.end,
    regions: [
      region("center", inBox(d, 0.2, 0.4)),
      region("vertical_wall", isRed(d)),
      region("horizontal_wall", isBlack),
    ],
    perimeters: [],
    probes: [[-0.4, 0], [0.4, 0], [0, -0.5], [0, 0.5]],
  };
}

function gridOf(box: Box, cells: number, multiple: number): CartesianGrid {
  if (cells % multiple === 0) return squareGrid(box, cells);
  throw new RangeError(
    `Cannot lay out the hohlraum: expected a number of cells that is a multiple of ${multiple}, ` +
      `got ${cells}`,
  );
}

/** ψ = 1 comes in, all along or beside the walls only. */
function inflow(g: CartesianGrid, { gapsOnly }: Design): Side {
  const value = Float64Array.from({ length: g.ny }, (_, j) => {
    const y = Math.abs(g.y0 + (j + 0.5) * g.hy);
    return gapsOnly === 0 || y > 0.4 && y < 0.6 ? 1 : 0;
  });
  return { kind: "inflow", value };
}

/**
 * The symmetric hohlraum: radiation enters beside two walls and heats a capsule in a frame
 * (arXiv:2505.17284).
 */
export const hohlraum: KineticProblem = {
  name: "hohlraum",
  description: "a capsule between hot walls, inflow from the left and from the right",
  dimension: 2,
  ...designed(design),
  setup(cells, chosen = {}) {
    const d = designOf(this, chosen) as Design;
    const g = gridOf({ x: [-HALF, HALF], y: [-HALF, HALF] }, cells, 26);
    const side = inflow(g, d);
    return { ...hohlraumOn(g, d), sides: { ...allSides(vacuum), left: side, right: side } };
  },
};

/** The upper right quarter of the hohlraum, the same where its design is symmetric. */
export const quarterHohlraum: KineticProblem = {
  name: "quarter-hohlraum",
  description: "the upper right quarter of the hohlraum, which reflects at both axes",
  dimension: 2,
  ...designed(design),
  setup(cells, chosen = {}) {
    const d = designOf(this, chosen) as Design;
    const g = gridOf({ x: [0, HALF], y: [0, HALF] }, cells, 13);
    const mirror: Side = { kind: "reflecting" };
    const sides = { left: mirror, right: inflow(g, d), bottom: mirror, top: vacuum };
    return { ...hohlraumOn(g, d), sides };
  },
};
