import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import {
  type Figure,
  figureImage,
  figureSvg,
  lineChart,
  type Series,
  seriesColor,
} from "../../../../core/mod.ts";
import { findFont } from "../../../../core/io/report/png.ts";
import { inFolder } from "../../../support/command_line.ts";

async function figureWith(labels: readonly string[], panels: number): Promise<Figure> {
  const legend = labels.map((label, i): Series => ({
    label,
    color: seriesColor(i),
    dashed: i === 1,
    points: [[0, i], [1, i + 1]],
  }));
  const panel = await lineChart(legend, { description: "d", xTitle: "x", yTitle: "y" });
  return { title: "A <b> & c", panels: new Array(panels).fill(panel), legend };
}

/** Extents of the drawing and of each panel in it. */
function boxes(svg: string): { all: number[]; panels: number[][] } {
  const all = /viewBox="0 0 (\S+) (\S+)"/.exec(svg)!.slice(1).map(Number);
  const panels = [
    ...svg.matchAll(/<svg class="chart" x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"/g),
  ];
  return { all, panels: panels.map((m) => m.slice(1).map(Number)) };
}

Deno.test("figureSvg() has a title, a legend and colours of its own", async () => {
  const svg = figureSvg(await figureWith(["one", "two & more"], 2));
  for (const text of ["A &#60;b&#62; &#38; c", ">one<", ">two &#38; more<"]) {
    assertStringIncludes(svg, text);
  }
  assert(!svg.includes("var("), "no variable of the page is left");
  assertMatch(svg, /stroke="#0072b2"/);
  assertMatch(svg, /stroke-dasharray="6 4"/);
});

Deno.test("figureSvg() keeps the names inside drawings apart", () => {
  const svg =
    '<svg class="chart" viewBox="0 0 4 3"><clipPath id="a"/><g clip-path="url(#a)"/></svg>';
  const panel = { svg, description: "d" };
  const ids = [...figureSvg({ title: "t", panels: [panel, panel] }).matchAll(/\bid="([^"]+)"/g)];
  assertEquals(new Set(ids.map((m) => m[1])).size, 2);
});

Deno.test("figureSvg() keeps every panel within the drawing and off the others", async () => {
  for (const count of [1, 2, 3, 4, 7]) {
    const labels = Array.from({ length: count }, (_, i) => `a name of some length ${i}`);
    const { all: [width, height], panels } = boxes(figureSvg(await figureWith(labels, count)));
    assertEquals(panels.length, count);
    for (const [i, [x, y, w, h]] of panels.entries()) {
      assert(x! >= 0 && y! >= 0 && x! + w! <= width! && y! + h! <= height!, `panel ${i}`);
      for (const [a, b, c, d] of panels.slice(i + 1)) {
        const apart = x! + w! <= a! || a! + c! <= x! || y! + h! <= b! || b! + d! <= y!;
        assert(apart, `panel ${i} lies over another`);
      }
    }
  }
});

const unless = await findFont().then(() => "", () => " (skipped: no font on this machine)");

Deno.test({
  name: `figureImage() makes a PNG of the extents that it tells${unless}`,
  ignore: unless !== "",
  async fn() {
    const { png, size } = await figureImage(await figureWith(["one", "two"], 1));
    assertEquals([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const view = new DataView(png.buffer, png.byteOffset, png.length);
    assertEquals([view.getUint32(16), view.getUint32(20)], [...size]);
    assertEquals(size[0], 2 * (440 + 24));
    assert(png.length > 5000, "a drawing with letters and lines has more than a white page");
  },
});

Deno.test("findFont() takes a known font, else any, and says what is missing", () =>
  inFolder(async (folder) => {
    const inner = join(folder, "a", "b");
    await Deno.mkdir(inner, { recursive: true });
    await Deno.writeTextFile(join(folder, "readme.txt"), "");
    await assertRejects(
      () => findFont([folder, join(folder, "none")]),
      Error,
      `Cannot letter pictures: expected a TrueType or OpenType font in ${folder} or `,
    );
    await Deno.writeTextFile(join(folder, "Weird.otf"), "");
    assertEquals(await findFont([folder]), join(folder, "Weird.otf"));
    await Deno.writeTextFile(join(inner, "DejaVuSans.ttf"), "");
    assertEquals(await findFont([folder]), join(inner, "DejaVuSans.ttf"));
  }));
