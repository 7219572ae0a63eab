import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { confusionMatrix, shade } from "../../../../core/io/report/heat_map.ts";
import { lineChart, logTicks, thin } from "../../../../core/io/report/line_chart.ts";
import { seriesColor } from "../../../../core/io/report/style.ts";

const AXES = { description: "d", xTitle: "epoch", yTitle: "loss" };
const RED = { label: "a", color: "var(--series-1)" };

/** Corners of the curves in an SVG text, as pairs of drawing coordinates. */
function curves(svg: string): number[][][] {
  return [...svg.matchAll(/<path[^>]* d="(M[^"]*L[^"]*)"[^>]*stroke-width="2"/g)].map((m) =>
    m[1]!.slice(1).split("L").map((p) => p.split(",").map(Number))
  );
}

Deno.test("lineChart() draws the points to scale", async () => {
  const { svg } = await lineChart([{ ...RED, points: [[0, 0], [1, 5], [2, 10]] }], AXES);
  const [[a, b, c]] = curves(svg) as [[number[], number[], number[]]];
  assert(a[0]! < b[0]! && b[0]! < c[0]!, "x grows to the right");
  assert(a[1]! > b[1]! && b[1]! > c[1]!, "y grows upwards");
  assertEquals(Math.abs(b[0]! - (a[0]! + c[0]!) / 2) < 0.01, true);
  assertEquals(Math.abs(b[1]! - (a[1]! + c[1]!) / 2) < 0.01, true);
});

Deno.test("lineChart() spaces decades evenly on a logarithmic axis", async () => {
  const points = [[0, 0.01], [1, 0.1], [2, 1], [3, 0], [4, -1]] as const;
  const { svg } = await lineChart([{ ...RED, points }], { ...AXES, yScale: "log" });
  const [line] = curves(svg);
  assertEquals(line!.length, 3);
  const [a, b, c] = line!.map(([, y]) => y!) as [number, number, number];
  assert(Math.abs((a - b) - (b - c)) < 0.01);
});

Deno.test("lineChart() spaces decades evenly along a logarithmic horizontal axis", async () => {
  const points = [[0.01, 1], [0.1, 2], [1, 3], [0, 4], [-1, 5]] as const;
  const { svg } = await lineChart([{ ...RED, points }], { ...AXES, xScale: "log" });
  const [line] = curves(svg);
  assertEquals(line!.length, 3);
  const [a, b, c] = line!.map(([x]) => x!) as [number, number, number];
  assert(a < b && Math.abs((b - a) - (c - b)) < 0.01);
});

Deno.test("lineChart() leaves out what is not finite", async () => {
  const points = [[0, 1], [1, NaN], [2, Infinity], [3, 2]] as const;
  const { svg } = await lineChart([{ ...RED, points }], AXES);
  assertEquals(curves(svg)[0]!.length, 2);
  assertEquals(/NaN|Infinity/.test(svg), false);
});

Deno.test("lineChart() survives no points at all", async () => {
  for (const yScale of ["linear", "log"] as const) {
    const { svg } = await lineChart([{ ...RED, points: [] }], { ...AXES, yScale });
    assertEquals(/NaN|Infinity|undefined/.test(svg), false);
  }
});

Deno.test("lineChart() gives each series its colour and dashes the dashed", async () => {
  const points = [[0, 1], [1, 2]] as const;
  const { svg } = await lineChart([
    { label: "run", color: seriesColor(0), points },
    { label: "twin", color: seriesColor(1), points, dashed: true },
  ], AXES);
  const strokes = [...svg.matchAll(/<path[^>]*stroke="(var[^"]*)" stroke-width="2"[^>]*>/g)];
  assertEquals(strokes.map((m) => m[1]), ["var(--series-1)", "var(--series-2)"]);
  assertEquals(strokes.map((m) => m[0].includes('stroke-dasharray="6,4"')), [false, true]);
});

Deno.test("lineChart() leaves its size to the page", async () => {
  const { svg } = await lineChart([{ ...RED, points: [[0, 1], [1, 2]] }], AXES);
  const head = svg.slice(0, svg.indexOf(">"));
  assertEquals(/ (width|height)=/.test(head), false);
  assertStringIncludes(head, 'class="chart"');
  assertStringIncludes(head, "viewBox=");
});

Deno.test("thin() keeps both ends, the order and every peak", () => {
  const values = fc.array(fc.double({ noNaN: true }), { minLength: 401, maxLength: 3000 });
  fc.assert(
    fc.property(values, (ys) => {
      const points = ys.map((y, x) => [x, y] as const);
      const kept = thin(points);
      assert(kept.length <= 402);
      assertEquals([kept[0], kept.at(-1)], [points[0], points.at(-1)]);
      assert(kept.every(([x], i) => i === 0 || x > kept[i - 1]![0]));
      assertEquals(Math.max(...kept.map(([, y]) => y)), Math.max(...ys));
      assertEquals(Math.min(...kept.map(([, y]) => y)), Math.min(...ys));
    }),
    { numRuns: 30 },
  );
});

Deno.test("logTicks() shows two ticks or more between any two values", () => {
  const exponent = fc.double({ min: -300, max: 300, noNaN: true });
  const ratio = fc.double({ min: 1e-6, max: 9, noNaN: true });
  fc.assert(
    fc.property(exponent, ratio, (p, r) => {
      const [least, most] = [10 ** p, 10 ** p * (1 + r)];
      const shown = logTicks([most, least]).filter((tick) => least <= tick && tick <= most);
      assert(shown.length >= 2 && shown.length <= 7, String(shown));
    }),
  );
});

Deno.test("logTicks() covers the values with few ticks", () => {
  assertEquals(logTicks([0.03, 2]), [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]);
  assertEquals(logTicks([1e-9, 1]), [1e-9, 1e-7, 1e-5, 1e-3, 0.1]);
  assertEquals(logTicks([]), []);
  assertEquals(logTicks([2.883, 3.35]), [2.9, 3, 3.1, 3.2, 3.3]);
  assertEquals(logTicks([2.1e-5, 4.9e-5]), [3e-5, 4e-5]);
  assertEquals(logTicks([5, 5]), [1, 2, 5, 10, 20, 50]);
});

Deno.test("shade() compares right answers with their row and wrong ones among themselves", () => {
  const cells = shade([[8, 2], [1, 19]]);
  assertEquals(cells.map((c) => c.right), [true, false, false, true]);
  assertEquals(cells.map((c) => c.shade), [0.8, 1, 0.25, 0.95]);
});

Deno.test("shade() survives a perfect classifier and an empty class", () => {
  assertEquals(shade([[5, 0], [0, 0]]).map((c) => c.shade), [1, 0, 0, 0]);
});

Deno.test("confusionMatrix() writes every count that is not zero, in the right row", async () => {
  const { svg } = await confusionMatrix([[8, 2], [0, 19]], ["cat", "dog"]);
  const texts = [...svg.matchAll(/<text[^>]*translate\(([\d.]+),([\d.]+)\)[^>]*>([^<]+)<\/text>/g)];
  const at = (text: string): number[] => texts.find((m) => m[3] === text)!.slice(1, 3).map(Number);
  assertEquals(at("8")[1], at("2")[1]);
  assertEquals(at("2")[0], at("19")[0]);
  assert(at("2")[0]! > at("8")[0]!, "the wrong answer stands right of the right one");
  assert(at("19")[1]! > at("2")[1]!, "the second class is below the first");
  assertEquals(texts.some((m) => m[3] === "0"), false);
});

Deno.test("confusionMatrix() refuses counts that do not fit the names", async () => {
  await assertRejects(
    () => confusionMatrix([[1, 2], [3]], ["a", "b"]),
    RangeError,
    "Cannot draw a confusion matrix: expected 2×2 counts for 2 class names, got rows of 2, 1",
  );
});
