/**
 * Drawings: Vega-Lite specifications rendered to SVG texts, without a browser.
 *
 * @module
 */

import { importPackage } from "../../import_package.ts";

/**
 * The look that all charts share. Sizes are in the units of the drawing, which is scaled to its
 * place on the page; colours are variables of the page.
 */
const THEME = {
  background: null,
  padding: 4,
  font: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "var(--muted)",
    titleColor: "var(--muted)",
    titleFontWeight: 400,
    labelFontSize: 12,
    titleFontSize: 12,
    domainColor: "var(--line)",
    tickColor: "var(--line)",
    gridColor: "var(--line)",
    gridOpacity: 0.6,
    labelOverlap: true,
    labelFlush: false,
  },
};

/**
 * Renders a Vega-Lite specification.
 *
 * The renderer is loaded by the first call. Legends and titles are left to the page, which wraps
 * them better than a drawing can.
 *
 * @param spec A Vega-Lite specification with inline data; theme and size limits are added.
 * @returns An `<svg class="chart">` element without fixed width or height.
 * @throws {Error} When the specification is not valid.
 */
export async function renderChart(spec: Readonly<Record<string, unknown>>): Promise<string> {
  const [vega, lite] = await Promise.all([
    importPackage<typeof import("vega")>("npm:vega@6.4.0"),
    importPackage<typeof import("vega-lite")>("npm:vega-lite@6.5.0"),
  ]);
  const full = { config: THEME, autosize: { type: "fit", contains: "padding" }, ...spec };
  // The type of a specification is a union too deep to be worth proving here.
  const compiled = lite.compile(full as unknown as Parameters<typeof lite.compile>[0]);
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none" });
  try {
    return fluid(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Lets the page decide on the size, and drops what only viewers of single SVG files need. */
function fluid(svg: string): string {
  return svg
    .replace(/ (width|height)="[^"]*"(?=[^>]*viewBox)/g, "")
    .replace(' class="marks"', "")
    .replace(/ xmlns(:xlink)?="[^"]*"/g, "")
    .replace(/ version="1.1"/, "")
    .replace(/ (role|aria-\w+)="[^"]*"/g, "")
    .replace("<svg", '<svg class="chart" aria-hidden="true"');
}
