/**
 * Draws pen strokes into a small grey image: curves become short segments, segments become
 * antialiased ink.
 *
 * @module
 */

import type { DigitShape } from "./digit_shapes.ts";

/** Segments per span between two control points of a smooth stroke: 0.5 to 1.5 pixels each. */
const SEGMENTS_PER_SPAN = 5;
/** Room for the longest shape. */
const MAX_VERTICES = 512;

/** A polyline with pen lifts, reused from image to image. */
export class Trace {
  /** Vertices x₀, y₀, x₁, y₁, …. */
  readonly vertices: Float64Array = new Float64Array(2 * MAX_VERTICES);
  /** 1 where the pen comes down at this vertex, 0 where it draws a segment that ends there. */
  readonly lifts: Uint8Array = new Uint8Array(MAX_VERTICES);
  /** Vertices in use. */
  count = 0;

  /** Forgets all vertices. */
  clear(): void {
    this.count = 0;
  }

  /** Appends a vertex. */
  push(x: number, y: number, lift: boolean): void {
    this.vertices[2 * this.count] = x;
    this.vertices[2 * this.count + 1] = y;
    this.lifts[this.count++] = lift ? 1 : 0;
  }

  /**
   * Appends the strokes of a shape, with its control points at `points` instead of their own
   * places. Smooth strokes are Catmull-Rom splines.
   */
  pushShape(shape: DigitShape, points: Float64Array): void {
    for (const { path, smooth } of shape.strokes) {
      this.push(points[2 * path[0]!]!, points[2 * path[0]! + 1]!, true);
      for (let span = 0; span + 1 < path.length; span++) {
        if (smooth) this.#pushSpan(path, span, points);
        else this.push(points[2 * path[span + 1]!]!, points[2 * path[span + 1]! + 1]!, false);
      }
    }
  }

  /** Appends one span of a Catmull-Rom spline; the ends repeat their last control point. */
  #pushSpan(path: readonly number[], span: number, points: Float64Array): void {
    const at = (i: number) => 2 * path[Math.min(Math.max(i, 0), path.length - 1)]!;
    const [a, b, c, d] = [at(span - 1), at(span), at(span + 1), at(span + 2)];
    for (let k = 1; k <= SEGMENTS_PER_SPAN; k++) {
      const t = k / SEGMENTS_PER_SPAN;
      this.push(
        catmullRom(points[a]!, points[b]!, points[c]!, points[d]!, t),
        catmullRom(points[a + 1]!, points[b + 1]!, points[c + 1]!, points[d + 1]!, t),
        false,
      );
    }
  }
}

function catmullRom(a: number, b: number, c: number, d: number, t: number): number {
  const [p, q, r] = [c - a, 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d];
  return b + 0.5 * t * (p + t * (q + t * r));
}

/** A square image of ink coverage in [0, 1]. */
export class Canvas {
  /** Side in pixels. */
  readonly side: number;
  /** Coverage, side×side, row-major. */
  readonly ink: Float32Array;

  /** Makes an empty canvas of side×side pixels. */
  constructor(side: number) {
    this.side = side;
    this.ink = new Float32Array(side * side);
  }

  /** Wipes the canvas. */
  clear(): void {
    this.ink.fill(0);
  }

  /**
   * Draws a trace whose vertices are pixel coordinates (pixel centres at integers).
   *
   * @param trace What the pen follows.
   * @param radius Half the line width at a vertex by its number, in pixels.
   * @param strength Ink of a fully covered pixel, in [0, 1]; where lines cross the darker one wins.
   */
  draw(trace: Trace, radius: (vertex: number) => number, strength: number): void {
    const { vertices, lifts, count } = trace;
    for (let i = 1; i < count; i++) {
      if (lifts[i]) continue;
      const j = 2 * i;
      const [x0, y0, x1, y1] = [
        vertices[j - 2]!,
        vertices[j - 1]!,
        vertices[j]!,
        vertices[j + 1]!,
      ];
      this.#segment(x0, y0, x1, y1, radius(i), strength);
    }
  }

  /** Coverage falls from 1 to 0 over one pixel around the edge, by distance to the segment. */
  #segment(x0: number, y0: number, x1: number, y1: number, radius: number, strength: number): void {
    const { side, ink } = this;
    const reach = radius + 0.5;
    const [left, right] = pixelRange(x0, x1, reach, side);
    const [top, bottom] = pixelRange(y0, y1, reach, side);
    const dx = x1 - x0;
    const dy = y1 - y0;
    const inverse = 1 / Math.max(dx * dx + dy * dy, 1e-12);
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const px = x - x0;
        const py = y - y0;
        const t = Math.min(Math.max((px * dx + py * dy) * inverse, 0), 1);
        const ex = px - t * dx;
        const ey = py - t * dy;
        const square = ex * ex + ey * ey;
        if (square >= reach * reach) continue;
        const cover = strength * Math.min(reach - Math.sqrt(square), 1);
        const at = y * side + x;
        if (cover > ink[at]!) ink[at] = cover;
      }
    }
  }
}

/** Pixels within `reach` of the interval between a and b, cut to the image. */
function pixelRange(a: number, b: number, reach: number, side: number): [number, number] {
  const low = Math.max(0, Math.ceil(Math.min(a, b) - reach));
  const high = Math.min(side - 1, Math.floor(Math.max(a, b) + reach));
  return [low, high];
}
