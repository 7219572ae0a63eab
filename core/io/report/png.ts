/**
 * Drawings as pixels: SVG rendered to PNG, without a browser.
 *
 * @module
 */

import { join } from "node:path";
import { importPackage } from "../../import_package.ts";

/** A picture in the PNG format. */
export interface Image {
  /** Extents in pixels. */
  readonly size: readonly [width: number, height: number];
  /** The file. */
  readonly png: Uint8Array;
}

/** The renderer; loaded by the first picture. */
const PACKAGE = "npm:@resvg/resvg-wasm@2.6.2";

/** Upright fonts without serifs that have Greek letters and superscripts, the best first. */
const KNOWN_FONTS = [
  ...["dejavusans.ttf", "notosans-regular.ttf", "liberationsans-regular.ttf", "arial.ttf"],
  ...["segoeui.ttf", "helvetica.ttc", "roboto-regular.ttf", "opensans-regular.ttf"],
];

type Resvg = typeof import("@resvg/resvg-wasm").Resvg;

let renderer: Promise<{ Resvg: Resvg; font: Uint8Array }> | undefined;

/**
 * Renders a drawing on white, with two pixels to a drawing unit.
 *
 * @param svg A whole SVG document with a viewBox, in colours that need no style sheet.
 * @returns The picture and its extents in pixels.
 * @throws {Error} When there is no font on this machine, or the renderer cannot be loaded.
 */
export async function renderPng(svg: string): Promise<Image> {
  const { Resvg, font } = await (renderer ??= loadRenderer());
  const drawing = new Resvg(svg, {
    background: "#ffffff",
    fitTo: { mode: "zoom", value: 2 },
    font: { fontBuffers: [font] },
  });
  const image = drawing.render();
  try {
    return { png: image.asPng(), size: [image.width, image.height] };
  } finally {
    image.free();
    drawing.free();
  }
}

async function loadRenderer(): Promise<{ Resvg: Resvg; font: Uint8Array }> {
  const font = await Deno.readFile(await findFont());
  const { Resvg, initWasm } = await importPackage<typeof import("@resvg/resvg-wasm")>(PACKAGE);
  const module = new URL(import.meta.resolve(`${PACKAGE}/index_bg.wasm`));
  await initWasm(await Deno.readFile(module));
  return { Resvg, font };
}

/**
 * Looks for a font to letter drawings with: one of a few good ones, else any.
 *
 * @param folders Where to look, with their sub-folders; default where the system keeps its fonts.
 * @returns Path of the font.
 * @throws {Error} When there is none.
 */
export async function findFont(
  folders: readonly string[] = fontFolders(),
): Promise<string> {
  const found: { path: string; rank: number }[] = [];
  for (const folder of folders) await collectFonts(folder, found);
  const best = found.sort((a, b) => a.rank - b.rank)[0];
  if (best) return best.path;
  throw new Error(
    `Cannot letter pictures: expected a TrueType or OpenType font in ${folders.join(" or ")}, ` +
      "got none; install one, such as DejaVu Sans",
  );
}

function fontFolders(): string[] {
  switch (Deno.build.os) {
    case "darwin":
      return ["/System/Library/Fonts", "/Library/Fonts"];
    case "windows":
      return [join(Deno.env.get("WINDIR") ?? "C:\\Windows", "Fonts")];
    default:
      return ["/usr/share/fonts", "/usr/local/share/fonts"];
  }
}

/** Adds the fonts of a folder; one that cannot be read has none. */
async function collectFonts(folder: string, found: { path: string; rank: number }[]) {
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isDirectory) await collectFonts(path, found);
      if (isDirectory || !/\.(ttf|ttc|otf)$/i.test(name)) continue;
      const rank = KNOWN_FONTS.indexOf(name.toLowerCase());
      found.push({ path, rank: rank < 0 ? KNOWN_FONTS.length : rank });
    }
  } catch {
    // A folder that is missing or closed to us is no fault where another one has a font.
  }
}
