import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Canvas, Trace } from "../../../core/data/digit_render.ts";

function trace(...points: [number, number][]): Trace {
  const made = new Trace();
  points.forEach(([x, y], i) => made.push(x, y, i === 0));
  return made;
}

function drawn(line: Trace, radius: number, strength = 1, side = 21): Canvas {
  const canvas = new Canvas(side);
  canvas.draw(line, () => radius, strength);
  return canvas;
}

const total = (canvas: Canvas) => canvas.ink.reduce((a, b) => a + b, 0);

Deno.test("draw() covers about the area of the line with round ends, at any angle", () => {
  const angles = fc.double({ min: 0, max: 2 * Math.PI, noNaN: true });
  const radii = fc.double({ min: 0.8, max: 3, noNaN: true });
  fc.assert(fc.property(angles, radii, (angle, radius) => {
    const [dx, dy] = [5 * Math.cos(angle), 5 * Math.sin(angle)];
    const line = trace([10 - dx, 10 - dy], [10 + dx, 10 + dy]);
    const area = 20 * radius + Math.PI * radius ** 2;
    assertAlmostEquals(total(drawn(line, radius)) / area, 1, 0.08);
  }));
});

Deno.test("draw() gives full ink on the line and none beyond half a pixel past its edge", () => {
  const canvas = drawn(trace([5, 10], [15, 10]), 2);
  const at = (x: number, y: number) => canvas.ink[y * 21 + x]!;
  assertEquals([at(10, 10), at(10, 11), at(10, 12), at(10, 13)], [1, 1, 0.5, 0]);
  assertEquals([at(2, 10), at(18, 10)], [0, 0]);
});

Deno.test("draw() cuts at the border and does not wrap around", () => {
  const canvas = drawn(trace([18, 10], [40, 10]), 1);
  for (let y = 0; y < 21; y++) assertEquals(canvas.ink[y * 21], 0);
  assertEquals(canvas.ink[10 * 21 + 20], 1);
  assertEquals(total(drawn(trace([-30, -30], [-20, -20]), 2)), 0);
});

Deno.test("draw() lets the darker of two lines win and does not add them", () => {
  const canvas = drawn(trace([5, 10], [15, 10]), 1, 0.6);
  const before = canvas.ink.slice();
  canvas.draw(trace([5, 10], [15, 10]), () => 1, 0.4);
  assertEquals(canvas.ink, before);
});

Deno.test("draw() leaves the way between two strokes blank", () => {
  const line = trace([3, 3], [3, 6]);
  line.push(17, 3, true);
  line.push(17, 6, false);
  assertEquals(drawn(line, 1).ink[4 * 21 + 10], 0);
});

Deno.test("draw() makes a dot of a segment without length", () => {
  assertAlmostEquals(total(drawn(trace([10, 10], [10, 10]), 3)) / (Math.PI * 9), 1, 0.05);
});

Deno.test("pushShape() passes smooth strokes through their control points", () => {
  const shape = {
    points: Float64Array.of(0, 0, 1, 0.5, 0.2, 1),
    strokes: [{ path: [0, 1, 2], smooth: true }],
  };
  const made = new Trace();
  made.pushShape(shape, shape.points);
  const vertices = Array.from(
    { length: made.count },
    (_, i) => [made.vertices[2 * i]!, made.vertices[2 * i + 1]!],
  );
  for (const [x, y] of [[0, 0], [1, 0.5], [0.2, 1]]) {
    const gap = Math.min(...vertices.map(([u, v]) => Math.hypot(u! - x!, v! - y!)));
    assertAlmostEquals(gap, 0, 1e-12);
  }
  assertEquals([...made.lifts.subarray(0, made.count)].filter((l) => l === 1).length, 1);
});
