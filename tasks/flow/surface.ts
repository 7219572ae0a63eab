/**
 * The surface of a body on the lattice: where links between cells cross it, and what comes back
 * along them.
 *
 * A link leaves a fluid cell f in direction i and meets the surface after the share q of its length;
 * b is the fluid cell behind f. What comes back in the opposite direction o follows from
 * interpolation along the link, on both sides of the wall without a case distinction (Yu, Mei,
 * Luo and Shyy 2003):
 *
 *   h_o ← [(1 − q) hᵢ(b) + q hᵢ(f) + q h_o(f)] / (1 + q),
 *
 * which is smooth in q over [0, 1]. The shape enters a simulation through the q alone, as long as no
 * cell changes between fluid and solid.
 *
 * @module
 */

import type { Body } from "./body.ts";
import type { Channel } from "./channel.ts";
import { type Grid, slot } from "./grid.ts";
import { CX, CY, DIRECTIONS, OPPOSITE } from "./lattice.ts";

/** The surface of a body as links; the arrays have one entry for each link. */
export interface Surface {
  /** Slot of the solid cell that is filled with what comes back. */
  readonly to: Int32Array;
  /** Slot of hᵢ at the cell behind. */
  readonly behind: Int32Array;
  /** Slot of hᵢ at the fluid cell. */
  readonly out: Int32Array;
  /** Slot of h_o at the fluid cell. */
  readonly back: Int32Array;
  /** Share of the link that lies in the fluid, in [0, 1]. */
  readonly q: Float64Array;
  /** Direction i. */
  readonly direction: Uint8Array;
  /** Derivatives of q in the parameters, by link and parameter. */
  readonly slopes: Float64Array;
  /** Parameters of the body. */
  readonly parameters: number;
  /** Slots of all directions of the solid cells. */
  readonly solid: Int32Array;
}

/**
 * Cuts a body out of a channel.
 *
 * @throws {RangeError} When the body comes closer than two cells to a wall, or is so thin or so
 * hollow that a link has no fluid cell behind it.
 */
export function surface(channel: Channel, body: Body): Surface {
  const placed = place(channel, body);
  const links = placed.solids.flatMap(([x, y]) => linksOf(placed, x, y));
  const parameters = links[0]?.slopes.length ?? 0;
  const g = channel.grid;
  return {
    to: Int32Array.from(links, (l) => l.to),
    behind: Int32Array.from(links, (l) => l.behind),
    out: Int32Array.from(links, (l) => l.out),
    back: Int32Array.from(links, (l) => l.back),
    q: Float64Array.from(links, (l) => l.q),
    direction: Uint8Array.from(links, (l) => l.direction),
    slopes: Float64Array.from(links.flatMap((l) => [...l.slopes])),
    parameters,
    solid: Int32Array.from(
      placed.solids.flatMap(([x, y]) =>
        Array.from({ length: DIRECTIONS }, (_, i) => slot(g, i, x, y))
      ),
    ),
  };
}

interface Placed {
  readonly grid: Grid;
  readonly solids: readonly (readonly [number, number])[];
  /** Level at a point in cells, where cell centres are whole. */
  level(x: number, y: number): number;
  /** Derivatives along a link per cell, and in the parameters. */
  slopes(x: number, y: number, cx: number, cy: number): { along: number; dp: Float64Array };
}

function place({ grid: g, center, diameter }: Channel, body: Body): Placed {
  const at = (x: number, y: number): [number, number] => [
    (x - 0.5 - center[0]) / diameter,
    (y - 0.5 - center[1]) / diameter,
  ];
  const level = (x: number, y: number): number => body.level(...at(x, y));
  const reach = Math.ceil(body.reach * diameter) + 1;
  const low = center.map((c) => Math.floor(c + 0.5) - reach) as [number, number];
  checkRoom(g, low, 2 * reach + 1);
  const solids: [number, number][] = [];
  for (let y = low[1]; y <= low[1] + 2 * reach + 1; y++) {
    for (let x = low[0]; x <= low[0] + 2 * reach + 1; x++) {
      if (level(x, y) <= 0) solids.push([x, y]);
    }
  }
  return {
    grid: g,
    solids,
    level,
    slopes(x, y, cx, cy) {
      const { dx, dy, dp } = body.slopes(...at(x, y));
      return { along: (dx * cx + dy * cy) / diameter, dp };
    },
  };
}

function checkRoom({ nx, ny }: Grid, [x, y]: readonly [number, number], size: number): void {
  if (x >= 3 && y >= 3 && x + size <= nx - 2 && y + size <= ny - 2) return;
  throw new RangeError(
    `Cannot place the body: expected two cells of fluid between it and the walls of a channel of ` +
      `${nx}×${ny} cells, got a body of about ${size}×${size} cells; make it smaller`,
  );
}

interface Link {
  readonly to: number;
  readonly behind: number;
  readonly out: number;
  readonly back: number;
  readonly q: number;
  readonly direction: number;
  readonly slopes: Float64Array;
}

/** The links that end in solid cell (x, y). */
function linksOf(placed: Placed, x: number, y: number): Link[] {
  const links: Link[] = [];
  for (let i = 1; i < DIRECTIONS; i++) {
    const [fx, fy] = [x - CX[i]!, y - CY[i]!];
    if (placed.level(fx, fy) > 0) links.push(link(placed, i, fx, fy));
  }
  return links;
}

/** The link that leaves fluid cell (x, y) in direction i. */
function link({ grid: g, level, slopes }: Placed, i: number, x: number, y: number): Link {
  const [cx, cy, o] = [CX[i]!, CY[i]!, OPPOSITE[i]!];
  if (level(x - cx, y - cy) <= 0) {
    throw new RangeError(
      "Cannot cut the body out of the lattice: expected two cells of fluid beside its surface, " +
        "got one; raise the resolution or smooth the body",
    );
  }
  const q = crossing((s) => level(x + s * cx, y + s * cy));
  const { along, dp } = slopes(x + q * cx, y + q * cy, cx, cy);
  return {
    to: slot(g, o, x + cx, y + cy),
    behind: slot(g, i, x - cx, y - cy),
    out: slot(g, i, x, y),
    back: slot(g, o, x, y),
    q,
    direction: i,
    slopes: dp.map((d) => -d / along),
  };
}

/** Zero in [0, 1] of a function that is positive at 0 and not at 1, by bisection to the last bit. */
function crossing(f: (s: number) => number): number {
  let [low, high] = [0, 1];
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return high;
}

/** Fills what comes back along the links, and tells the force on the body in this step. */
export function fillSurface(s: Surface, state: Float64Array): [drag: number, lift: number] {
  let [drag, lift] = [0, 0];
  for (let k = 0; k < s.to.length; k++) {
    const q = s.q[k]!;
    const out = state[s.out[k]!]!;
    const value = ((1 - q) * state[s.behind[k]!]! + q * (out + state[s.back[k]!]!)) / (1 + q);
    state[s.to[k]!] = value;
    // The momentum that goes into the wall and the one that comes back.
    drag += CX[s.direction[k]!]! * (out + value);
    lift += CY[s.direction[k]!]! * (out + value);
  }
  return [drag, lift];
}

/**
 * Adjoint of {@linkcode fillSurface}.
 *
 * @param state The filled state.
 * @param adjoint Adjoint of the filled state; then that of the state before.
 * @param drag Derivative of the objective in the drag of this step.
 * @param lift Derivative of the objective in the lift of this step.
 * @param dq Derivatives of the objective in the q; added to.
 */
export function fillSurfaceAdjoint(
  s: Surface,
  state: Float64Array,
  adjoint: Float64Array,
  drag: number,
  lift: number,
  dq: Float64Array,
): void {
  for (let k = 0; k < s.to.length; k++) {
    const q = s.q[k]!;
    const i = s.direction[k]!;
    const force = CX[i]! * drag + CY[i]! * lift;
    const seed = (adjoint[s.to[k]!]! + force) / (1 + q);
    adjoint[s.to[k]!] = 0;
    adjoint[s.behind[k]!]! += (1 - q) * seed;
    adjoint[s.out[k]!]! += q * seed + force;
    adjoint[s.back[k]!]! += q * seed;
    const [behind, out, back] = [state[s.behind[k]!]!, state[s.out[k]!]!, state[s.back[k]!]!];
    dq[k]! += seed * (out + back - 2 * behind) / (1 + q);
  }
}

/** Clears the solid cells, of a state or of an adjoint. */
export function clearSolid({ solid }: Surface, state: Float64Array): void {
  for (let k = 0; k < solid.length; k++) state[solid[k]!] = 0;
}

/** Derivatives in the parameters of the body from those in the q of its links. */
export function parameterGradient(s: Surface, dq: Float64Array): Float64Array {
  const gradient = new Float64Array(s.parameters);
  for (let k = 0; k < dq.length; k++) {
    for (let p = 0; p < s.parameters; p++) gradient[p]! += dq[k]! * s.slopes[k * s.parameters + p]!;
  }
  return gradient;
}
