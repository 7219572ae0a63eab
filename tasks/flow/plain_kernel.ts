/**
 * The kernels in plain TypeScript, the reference that others are held against.
 *
 * @module
 */

import type { FlowKernel, FlowKernelKind } from "./kernel.ts";
import { type Grid, pullOffsets } from "./grid.ts";
import { CX, CY, DIRECTIONS, PAIRS, WEIGHTS } from "./lattice.ts";

/** Plain loops over typed arrays. */
export const plainKernel: FlowKernelKind = {
  name: "typescript",
  description: "plain loops, the reference",
  available: () => true,
  create(g, { even, odd }, count): FlowKernel {
    const states = Array.from({ length: count }, () => new Float64Array(g.size));
    const h = new Float64Array(DIRECTIONS);
    const l = new Float64Array(DIRECTIONS);
    const pull = pullOffsets(g);
    return {
      states,
      step(from, to): void {
        const [source, target] = [states[from]!, states[to]!];
        eachCell(g, (cell, x) => {
          for (let i = 0; i < DIRECTIONS; i++) h[i] = source[cell + pull[i]!]!;
          collide(h, even[x]!, odd[x]!);
          for (let i = 0; i < DIRECTIONS; i++) target[cell + i * g.plane] = h[i]!;
        });
      },
      adjoint(at, from, to): void {
        const [state, source, target] = [states[at]!, states[from]!, states[to]!];
        eachCell(g, (cell, x) => {
          for (let i = 0; i < DIRECTIONS; i++) {
            h[i] = state[cell + pull[i]!]!;
            l[i] = source[cell + i * g.plane]!;
          }
          collideAdjoint(h, l, even[x]!, odd[x]!);
          for (let i = 0; i < DIRECTIONS; i++) target[cell + pull[i]!] = l[i]!;
        });
      },
    };
  },
};

function eachCell(g: Grid, visit: (cell: number, x: number) => void): void {
  for (let y = 1; y <= g.ny; y++) {
    for (let x = 1; x <= g.nx; x++) visit(y * g.pitch + x, x);
  }
}

/**
 * Relaxes the nine numbers of a cell in place.
 *
 * @param h Deviations from rest, 9.
 * @param even Rate ω⁺.
 * @param odd Rate ω⁻.
 */
export function collide(h: Float64Array, even: number, odd: number): void {
  const { rho, jx, jy } = moments(h);
  const base = rho - 1.5 * (jx * jx + jy * jy);
  h[0]! -= even * (h[0]! - WEIGHTS[0]! * base);
  for (const { i, o, cx, cy, w } of PAIRS) {
    const cj = cx * jx + cy * jy;
    const a = even * ((h[i]! + h[o]!) / 2 - w * (base + 4.5 * cj * cj));
    const b = odd * ((h[i]! - h[o]!) / 2 - 3 * w * cj);
    h[i]! -= a + b;
    h[o]! -= a - b;
  }
}

/**
 * Takes the adjoint of a cell through the collision, in place.
 *
 * @param h Deviations before the collision, 9.
 * @param l Adjoint after the collision, 9; then that before it.
 * @param even Rate ω⁺.
 * @param odd Rate ω⁻.
 */
export function collideAdjoint(
  h: Float64Array,
  l: Float64Array,
  even: number,
  odd: number,
): void {
  const { jx, jy } = moments(h);
  // Adjoints of ρ and j through the equilibria.
  let r = WEIGHTS[0]! * l[0]!;
  let [px, py, nx, ny] = [0, 0, 0, 0];
  for (const { i, o, cx, cy, w } of PAIRS) {
    const a = w * (l[i]! + l[o]!);
    const b = w * (l[i]! - l[o]!);
    const cj = cx * jx + cy * jy;
    r += a;
    px += a * cj * cx;
    py += a * cj * cy;
    nx += b * cx;
    ny += b * cy;
  }
  const gx = 3 * even * (3 * px - jx * r) + 3 * odd * nx;
  const gy = 3 * even * (3 * py - jy * r) + 3 * odd * ny;
  l[0]! -= even * l[0]!;
  for (const { i, o } of PAIRS) {
    const a = even * (l[i]! + l[o]!) / 2;
    const b = odd * (l[i]! - l[o]!) / 2;
    l[i]! -= a + b;
    l[o]! -= a - b;
  }
  for (let i = 0; i < DIRECTIONS; i++) l[i]! += even * r + CX[i]! * gx + CY[i]! * gy;
}

function moments(h: Float64Array): { rho: number; jx: number; jy: number } {
  let [rho, jx, jy] = [0, 0, 0];
  for (let i = 0; i < DIRECTIONS; i++) {
    rho += h[i]!;
    jx += CX[i]! * h[i]!;
    jy += CY[i]! * h[i]!;
  }
  return { rho, jx, jy };
}
