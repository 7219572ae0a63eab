/**
 * What happens at the sides of a domain, as values in the frame around the cells.
 *
 * @module
 */

import { type CartesianGrid, FRAME, layoutOf } from "./grid.ts";
import { mirrorImages, type Ordinates } from "./ordinates.ts";

/** A side: nothing comes in, something does, everything comes back, or it is the opposite side. */
export type Side =
  | { readonly kind: "vacuum" | "reflecting" | "periodic" }
  | {
    readonly kind: "inflow"; /** ψ of what comes in, face by face. */
    readonly value: Float64Array;
  };

/** The four sides; a slab is periodic along y. */
export interface Sides {
  /** x smallest. */
  readonly left: Side;
  /** x largest. */
  readonly right: Side;
  /** y smallest. */
  readonly bottom: Side;
  /** y largest. */
  readonly top: Side;
}

/** The names of the sides, as {@linkcode Sides} has them. */
export const SIDE_NAMES = ["left", "right", "bottom", "top"] as const;

/** Nothing comes in from anywhere. */
export const vacuum: Side = { kind: "vacuum" };

/** The same on all four sides. */
export function allSides(side: Side): Sides {
  return { left: side, right: side, bottom: side, top: side };
}

/** Whether what comes in there is known, and cells beside it have no slopes. */
export function isOpen({ kind }: Side): boolean {
  return kind === "vacuum" || kind === "inflow";
}

/** ψ that comes in through face `k` of a side. */
export function incoming(side: Side, k: number): number {
  return side.kind === "inflow" ? side.value[k]! : 0;
}

/** A function that fills the frame of a state. */
export type FrameFilling = (state: Float64Array) => void;

/**
 * Makes the function that fills the frame of a state.
 *
 * @param oneGhost Whether each corner cell has one value for both of its sides, as in published
 *   code: that of the first of its corners, counter-clockwise from the lower left, that lies on a
 *   side, where left goes before right, bottom and top.
 */
export function frameFilling(
  g: CartesianGrid,
  sides: Sides,
  o: Ordinates,
  oneGhost = false,
): FrameFilling {
  const x = axisFilling(g, [sides.left, sides.right], o, "x");
  const y = axisFilling(g, [sides.bottom, sides.top], o, "y");
  return (state) => {
    x(state);
    y(state);
    if (oneGhost) fillCorners(g, sides, o, state);
  };
}

/** Fills the frame along one axis, over the whole length of the other one. */
function axisFilling(
  g: CartesianGrid,
  [low, high]: readonly [Side, Side],
  o: Ordinates,
  axis: "x" | "y",
): FrameFilling {
  const { pitch, plane } = layoutOf(g);
  const [cells, across] = axis === "x" ? [g.nx, g.ny] : [g.ny, g.nx];
  const [stride, along] = axis === "x" ? [1, pitch] : [pitch, 1];
  const images = low.kind === "reflecting" || high.kind === "reflecting"
    ? mirrorImages(o, axis === "x" ? -1 : 1, axis === "y" ? -1 : 1)
    : undefined;
  /** Fills the line of places `to` from that of places `from`, or by what comes in. */
  const line = (state: Float64Array, side: Side, q: number, to: number, from: number): void => {
    const start = q * plane + to * stride;
    const image = (side.kind === "reflecting" ? images![q]! : q) * plane + from * stride;
    const open = isOpen(side);
    for (let k = 0; k < across + 2 * FRAME; k++) {
      const face = Math.min(Math.max(k - FRAME, 0), across - 1);
      state[start + k * along] = open ? incoming(side, face) : state[image + k * along]!;
    }
  };
  return (state) => {
    for (let q = 0; q < o.weights.length; q++) {
      for (let k = 0; k < FRAME; k++) {
        const wrap = (inside: number): number => (inside % cells + cells) % cells;
        const before = low.kind === "periodic" ? wrap(-1 - k) : k;
        const after = high.kind === "periodic" ? wrap(k) : cells - 1 - k;
        line(state, low, q, FRAME - 1 - k, FRAME + before);
        line(state, high, q, FRAME + cells + k, FRAME + after);
      }
    }
  };
}

/** What comes in through a side does so in directions that point inwards there. */
function fillCorners(g: CartesianGrid, sides: Sides, o: Ordinates, state: Float64Array): void {
  const { pitch, plane, origin } = layoutOf(g);
  const at = (i: number, j: number): number => origin + j * pitch + i;
  const [right, top] = [g.nx - 1, g.ny - 1];
  const corners = [
    { i: 0, j: 0, side: sides.left, face: 0, inwards: o.x },
    { i: right, j: 0, side: sides.bottom, face: right, inwards: o.y },
    { i: right, j: top, side: sides.right, face: top, inwards: o.x.map((x) => -x) },
    { i: 0, j: top, side: sides.left, face: top, inwards: o.x },
  ];
  for (const { i, j, side, face, inwards } of corners) {
    for (let q = 0; q < o.weights.length; q++) {
      const psi = inwards[q]! > 0 ? incoming(side, face) : 0;
      state[q * plane + at(i === 0 ? -1 : g.nx, j)] = psi;
      state[q * plane + at(i, j === 0 ? -1 : g.ny)] = psi;
    }
  }
}
