/**
 * Legacy VTK files in ASCII, as ParaView, VisIt and meshio read them.
 *
 * @module
 */

import type { CartesianGrid } from "./grid.ts";

/** Forms of such a file: values on a regular grid, or quadrilaterals as some readers expect. */
export type VtkForm = "structured" | "unstructured";

/**
 * A file of values by cell.
 *
 * @param fields Values by name, nx × ny each.
 */
export function vtkText(
  g: CartesianGrid,
  fields: Readonly<Record<string, Float64Array>>,
  form: VtkForm,
): string {
  const head = ["# vtk DataFile Version 3.0", "transport", "ASCII"];
  const shape = form === "structured" ? structured(g) : unstructured(g);
  const data = Object.entries(fields).flatMap(([name, values]) => [
    `${name.replaceAll(" ", "_")} 1 ${values.length} double`,
    Array.from(values, (v) => v.toString()).join("\n"),
  ]);
  const count = Object.keys(fields).length;
  return [...head, ...shape, `CELL_DATA ${g.nx * g.ny}`, `FIELD fields ${count}`, ...data, ""]
    .join("\n");
}

function structured({ nx, ny, x0, y0, hx, hy }: CartesianGrid): string[] {
  return [
    "DATASET STRUCTURED_POINTS",
    `DIMENSIONS ${nx + 1} ${ny + 1} 1`,
    `ORIGIN ${x0} ${y0} 0`,
    `SPACING ${hx} ${hy} 1`,
  ];
}

/** Number of quadrilaterals in the list of cell types of VTK. */
const QUAD = 9;

function unstructured({ nx, ny, x0, y0, hx, hy }: CartesianGrid): string[] {
  const points: string[] = [];
  for (let j = 0; j <= ny; j++) {
    for (let i = 0; i <= nx; i++) points.push(`${x0 + i * hx} ${y0 + j * hy} 0`);
  }
  const cells = Array.from({ length: nx * ny }, (_, k) => {
    const first = Math.floor(k / nx) * (nx + 1) + k % nx;
    return `4 ${first} ${first + 1} ${first + nx + 2} ${first + nx + 1}`;
  });
  return [
    "DATASET UNSTRUCTURED_GRID",
    `POINTS ${points.length} double`,
    ...points,
    `CELLS ${cells.length} ${5 * cells.length}`,
    ...cells,
    `CELL_TYPES ${cells.length}`,
    ...cells.map(() => String(QUAD)),
  ];
}
