/**
 * Designs from a file: values of a problem's design parameters, and boxes of other material on top.
 *
 * @module
 */

import {
  aNumber,
  aRecord,
  byName,
  checked,
  type Expectation,
  listOf,
  optional,
  plainJson,
  readText,
  suggest,
  toJson,
} from "../../core/mod.ts";
import { type Box, type CartesianGrid, sampled } from "./grid.ts";
import type { KineticProblem, Setup } from "./problem.ts";

/** A box of one material; what it does not name stays what it was. */
export interface MaterialBox extends Box {
  /** σs. */
  readonly scattering?: number;
  /** σa. */
  readonly absorption?: number;
  /** q of every direction. */
  readonly source?: number;
}

/** What a file may say of a problem. */
export interface DesignChoice {
  /** Values of design parameters; others have their defaults. */
  readonly parameters?: Readonly<Record<string, number>>;
  /** Boxes, later ones on top of earlier ones. */
  readonly boxes?: readonly MaterialBox[];
}

const anInterval = listOf(aNumber) as unknown as Expectation<readonly [number, number]>;
const amount = optional(aNumber) as Expectation<number>;
const aBox = { x: anInterval, y: anInterval };
const materials = { scattering: amount, absorption: amount, source: amount };
const fields = {
  parameters: optional(byName(aNumber)) as Expectation<Readonly<Record<string, number>>>,
  boxes: optional(listOf(aRecord<Required<MaterialBox>>({ ...aBox, ...materials }))) as Expectation<
    readonly MaterialBox[]
  >,
};

/**
 * Reads a design.
 *
 * @param text Path of a JSON file, or the JSON itself, as folders of runs keep it; empty: none.
 * @throws {Error} When there is no such file, or it says what no design says.
 */
export async function readDesign(text: string): Promise<DesignChoice> {
  if (text === "") return {};
  const inline = text.trimStart().startsWith("{");
  const source = inline ? "--design" : text;
  const json = plainJson(inline ? text : await readText(text), source);
  const found = checked(aRecord<Required<DesignChoice>>(fields), json, source);
  refuseOthers(found, Object.keys(fields), source);
  for (const box of found.boxes ?? []) {
    refuseOthers(box, Object.keys({ ...aBox, ...materials }), `a box of ${source}`);
  }
  return found;
}

/** @throws {Error} When a record has a field that nothing reads. */
function refuseOthers(record: object, known: readonly string[], source: string): void {
  for (const key of Object.keys(record)) {
    if (known.includes(key)) continue;
    throw new Error(
      `Cannot read ${source}: expected fields of a design, got "${key}"; ${suggest(key, known)}`,
    );
  }
}

/** The design as one line that {@linkcode readDesign} reads again. */
export function designText(design: DesignChoice): string {
  return Object.keys(design).length === 0 ? "" : toJson(design);
}

/**
 * Lays a problem out as a design says.
 *
 * @param chosen Parameters that were chosen beside the design.
 * @throws {RangeError} When a parameter is chosen twice, with two values, or is unknown; when a box
 * has no extent, an edge that lies on no face, or an amount below 0.
 */
export function designedSetup(
  problem: KineticProblem,
  cells: number,
  chosen: Readonly<Record<string, number>>,
  { parameters = {}, boxes = [] }: DesignChoice,
): Setup {
  for (const [key, value] of Object.entries(parameters)) {
    const other = chosen[key];
    if (other === undefined || other === value || other === problem.defaults[key]) continue;
    throw new RangeError(
      `Cannot design ${problem.name}: expected one value of "${key}", got ${other} and, in the ` +
        `file, ${value}`,
    );
  }
  return boxes.reduce(withBox, problem.setup(cells, { ...chosen, ...parameters }));
}

function withBox(setup: Setup, box: MaterialBox): Setup {
  // Of other materials the exact flux is not known.
  const { grid, exact: _, ...rest } = setup;
  checkBox(grid, box);
  const inside = sampled(grid, (x, y) => within(x, box.x) && within(y, box.y) ? 1 : 0);
  const laid = (field: Float64Array, value: number | undefined): Float64Array =>
    value === undefined ? field : field.map((old, k) => inside[k] ? value : old);
  return {
    ...rest,
    grid,
    scattering: laid(setup.scattering, box.scattering),
    absorption: laid(setup.absorption, box.absorption),
    source: laid(setup.source, box.source),
  };
}

const within = (at: number, [begin, end]: readonly [number, number]): boolean =>
  at > begin && at < end;

function checkBox(g: CartesianGrid, box: MaterialBox): void {
  const refuse = (expected: string, got: unknown): never => {
    throw new RangeError(`Cannot lay out a box of a design: expected ${expected}, got ${got}`);
  };
  const axes = [["x", g.x0, g.hx, g.nx], ["y", g.y0, g.hy, g.ny]] as const;
  for (const [axis, start, h, count] of axes) {
    const ends: readonly number[] = box[axis];
    if (ends.length !== 2 || !(ends[0]! < ends[1]!)) {
      refuse(`"${axis}" to be a begin and an end after it`, toJson(ends));
    }
    for (const end of ends) {
      const face = (end - start) / h;
      const near = Math.round(face);
      if (Math.abs(face - near) < 1e-6 && near >= 0 && near <= count) continue;
      refuse(
        `edges along ${axis} on faces of cells, ${start} + k × ${h} up to ${start + count * h}`,
        end,
      );
    }
  }
  for (const key of ["scattering", "absorption", "source"] as const) {
    const value = box[key];
    if (value !== undefined && !(value >= 0)) refuse(`"${key}" to be at least 0`, value);
  }
}
