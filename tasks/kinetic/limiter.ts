/**
 * Limiters: slopes within a cell that make no new extrema.
 *
 * @module
 */

import { type Plugin, Registry } from "../../core/mod.ts";
import type { Arithmetic } from "./arithmetic.ts";

/** A cell average and those of the four neighbours. */
export interface Neighbours<V> {
  /** Of the cell. */
  readonly c: V;
  /** To the right. */
  readonly e: V;
  /** To the left. */
  readonly w: V;
  /** Above. */
  readonly n: V;
  /** Below. */
  readonly s: V;
}

/** Differences from the centre of a cell to its sides. */
export interface Slopes<V> {
  /** To the right side. */
  readonly x: V;
  /** To the upper side. */
  readonly y: V;
}

/** A limiter. */
export interface Limiter extends Plugin {
  /**
   * The limited differences, one formula for all arithmetics.
   *
   * @param cell Averages, each of which may be used more than once.
   * @param area Of a cell: the square of its width.
   */
  slopes<V>(a: Arithmetic<V>, cell: Neighbours<V>, area: number): Slopes<V>;
}

/** Limiters by name. */
export const limiters: Registry<Limiter> = new Registry("limiter");

/** Central differences as they are. */
export const unlimited: Limiter = limiters.add({
  name: "none",
  description: "central differences as they are",
  slopes: (a, { e, w, n, s }) => ({
    x: a.mul(a.constant(0.25), a.sub(e, w)),
    y: a.mul(a.constant(0.25), a.sub(n, s)),
  }),
});

/**
 * Venkatakrishnan's limiter (1993) at the corners of a cell, with ε² = its area.
 *
 * With D, the smaller of the distances to the largest and to the smallest of the five averages, the
 * factor falls as the difference towards a corner grows. So the largest of the four decides, and
 * one evaluation is the smallest of four.
 */
export const venkatakrishnan: Limiter = limiters.add({
  name: "venkatakrishnan",
  description: "smooth, one factor for both directions: the smallest over the corners of a cell",
  slopes(a, cell, area) {
    const { c, e, w, n, s } = cell;
    const free = unlimited.slopes(a, cell, area);
    const [x, y] = [a.keep(free.x), a.keep(free.y)];
    const most = a.max(a.max(a.max(c, e), a.max(w, n)), s);
    const least = a.min(a.min(a.min(c, e), a.min(w, n)), s);
    const d = a.keep(a.min(a.sub(most, c), a.sub(c, least)));
    const g = a.keep(a.add(a.abs(x), a.abs(y)));
    const gd = a.keep(a.mul(g, d));
    const base = a.keep(a.add(a.mul(d, d), a.constant(area)));
    const bottom = a.add(a.add(base, gd), a.mul(a.add(g, g), g));
    const factor = a.keep(a.min(a.constant(1), a.div(a.add(base, a.add(gd, gd)), bottom)));
    return { x: a.mul(factor, x), y: a.mul(factor, y) };
  },
});

/** The smaller of the two one-sided differences where they have one sign, else 0. */
export const minmod: Limiter = limiters.add({
  name: "minmod",
  description: "the smaller of both one-sided differences, 0 at extrema, axis by axis",
  slopes(a, { c, e, w, n, s }) {
    const zero = a.constant(0);
    const along = (before: typeof c, after: typeof c): typeof c => {
      const [back, ahead] = [a.keep(a.sub(c, before)), a.keep(a.sub(after, c))];
      const rising = a.max(zero, a.min(back, ahead));
      const falling = a.min(zero, a.max(back, ahead));
      return a.mul(a.constant(0.5), a.add(rising, falling));
    };
    return { x: along(w, e), y: along(s, n) };
  },
});
