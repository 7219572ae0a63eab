/**
 * Skeletons of the handwritten digits: what the pen follows.
 *
 * @module
 */

/** One pass of the pen. */
export interface Stroke {
  /** Control points that the pen passes through, as positions in the list of the shape. */
  readonly path: readonly number[];
  /** Whether the pen turns smoothly at the points; where it does not, they are corners. */
  readonly smooth: boolean;
}

/**
 * One way of writing a digit. Strokes that touch share a control point, so they still touch after
 * the points were moved.
 */
export interface DigitShape {
  /** Control points x₀, y₀, x₁, y₁, … in the unit square, x to the right, y downwards. */
  readonly points: Float64Array;
  /** The strokes in the order of writing. */
  readonly strokes: readonly Stroke[];
}

/** For each digit the ways of writing it; drawn by hand, in hundredths of the unit square. */
export const DIGIT_SHAPES: readonly (readonly DigitShape[])[] = [
  [
    shape(curve("50,5 20,20 12,50 22,82 50,95 80,80 88,50 78,18 50,5")),
    shape(curve("58,6 30,20 22,52 30,84 52,94 72,76 78,42 68,12 44,10")),
    shape(curve("70,14 42,5 18,30 14,64 34,94 68,86 86,52 76,16 50,16")),
  ],
  [
    shape(line("50,4 50,96")),
    shape(line("32,24 54,5 54,96")),
    shape(line("30,26 52,5 52,94"), line("28,95 76,95")),
  ],
  [
    shape(curve("16,28 32,8 62,5 80,24 70,50 42,74 14,94"), line("14,94 86,93")),
    shape(curve("20,20 46,4 74,16 74,42 50,70 20,90 14,78 34,76 60,92 88,88")),
    shape(curve("22,30 30,10 56,4 76,20 72,44 20,92"), curve("20,92 50,86 84,95")),
  ],
  [
    shape(curve("18,16 44,4 74,14 74,36 42,47"), curve("42,47 76,54 84,76 60,94 30,93 14,80")),
    shape(line("18,7 78,7 44,42"), curve("44,42 74,48 84,72 62,94 30,92 16,78")),
    shape(curve("24,14 50,5 72,18 66,38 46,46 52,50 76,62 74,84 48,95 20,86")),
  ],
  [
    shape(line("30,6 16,58 86,56"), line("66,28 62,96")),
    shape(line("66,96 66,5 12,66 90,66")),
    shape(curve("24,8 20,36 30,52 56,52 76,42"), line("78,8 70,96")),
  ],
  [
    shape(line("80,7 28,7 24,44"), curve("24,44 50,36 78,48 82,74 58,94 18,88")),
    shape(curve("30,8 22,42 48,40 74,50 78,76 54,94 20,90"), line("30,8 82,6")),
    shape(curve("82,10 50,6 32,16 28,36 50,46 70,60 68,84 44,95 18,84")),
  ],
  [
    shape(curve("68,5 36,26 20,58 26,86 52,95 76,80 72,58 48,52 24,68")),
    shape(curve("46,4 26,40 22,76 44,95 72,86 78,66 60,52 36,60 24,76")),
    shape(curve("80,12 54,8 28,30 18,64 34,92 64,92 80,70 62,50 34,56 20,72")),
  ],
  [
    shape(line("14,8 84,7 42,96")),
    shape(line("16,10 82,8 40,96"), line("32,52 78,50")),
    shape(line("18,20 20,8"), curve("20,8 50,12 80,7"), curve("80,7 56,46 46,96")),
  ],
  [
    shape(curve("50,48 24,34 26,12 50,4 74,12 74,34 50,48 20,64 20,86 50,96 80,86 78,64 50,48")),
    shape(curve("74,14 48,4 26,18 40,40 68,60 74,84 50,96 26,84 34,58 62,40 78,16")),
    shape(
      curve("50,5 28,16 30,38 50,46 70,36 72,16 50,5"),
      curve("50,46 24,60 22,82 50,95 78,82 76,60 50,46"),
    ),
  ],
  [
    shape(curve("76,24 52,5 26,16 24,40 48,50 72,40 77,22"), line("77,22 70,96")),
    shape(curve("74,30 56,6 28,12 22,38 46,50 72,36 76,16 77,50 66,84 42,96 22,86")),
    shape(curve("70,12 42,5 24,26 34,48 62,44 74,18 66,60 44,96")),
  ],
];

type Sketch = { readonly pairs: readonly string[]; readonly smooth: boolean };

function curve(pairs: string): Sketch {
  return { pairs: pairs.split(" "), smooth: true };
}

function line(pairs: string): Sketch {
  return { pairs: pairs.split(" "), smooth: false };
}

function shape(...sketches: Sketch[]): DigitShape {
  const names = [...new Set(sketches.flatMap((s) => s.pairs))];
  const points = names.flatMap((name) => name.split(",").map((v) => Number(v) / 100));
  const strokes = sketches.map(({ pairs, smooth }) => ({
    path: pairs.map((pair) => names.indexOf(pair)),
    smooth,
  }));
  return { points: Float64Array.from(points), strokes };
}
