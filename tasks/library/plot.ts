/**
 * Pictures that show themselves where they are the result of a notebook's cell.
 *
 * @module
 */

import {
  type Figure,
  figureSvg,
  lineChart,
  type LineChartOptions,
  seriesColor,
} from "../../core/mod.ts";
import { type Displayed, showsItself } from "./notebook.ts";

/**
 * A picture that is drawn when it is looked at: the renderer is fetched by the first one.
 *
 * @example A picture as text
 * ```ts
 * import { plot } from "@rankflow/rankflow";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(await plot({ squares: [0, 1, 4] }).svg(), "<svg");
 * ```
 */
export class Plot {
  readonly #figure: () => Promise<Figure>;

  /** Makes a picture of a figure that is drawn later. */
  constructor(figure: () => Promise<Figure>) {
    this.#figure = figure;
  }

  /** The picture, an SVG document. */
  async svg(): Promise<string> {
    return figureSvg(await this.#figure());
  }

  static {
    showsItself(this, async (plot): Promise<Displayed> => {
      const { title } = await plot.#figure();
      return { "text/plain": title, "image/svg+xml": await plot.svg() };
    });
  }
}

/**
 * Axes of {@linkcode plot}.
 *
 * @example A title and a log axis
 * ```ts
 * import { plot, type PlotOptions } from "@rankflow/rankflow";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const options: PlotOptions = { title: "A loss that halves", yScale: "log" };
 * const picture = plot({ loss: [1, 0.5, 0.25] }, options);
 * assertStringIncludes(await picture.svg(), "A loss that halves");
 * ```
 */
export interface PlotOptions extends Partial<Omit<LineChartOptions, "description">> {
  /** What is shown; default: the names of the curves. */
  readonly title?: string;
}

/**
 * Draws curves.
 *
 * @param curves Points (x, y) by the name of the curve, or values over their positions.
 *
 * @example A curve
 * ```ts
 * import { plot } from "@rankflow/rankflow";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const picture = plot({ square: [0, 1, 4, 9] }, { xTitle: "x", yTitle: "x²" });
 * assertStringIncludes(await picture.svg(), "</svg>");
 * ```
 */
export function plot(
  curves: Readonly<Record<string, readonly (number | readonly [x: number, y: number])[]>>,
  options: PlotOptions = {},
): Plot {
  const names = Object.keys(curves);
  const { title = names.join(", "), xTitle = "", yTitle = "", ...rest } = options;
  const series = Object.entries(curves).map(([label, points], i) => ({
    label,
    color: seriesColor(i),
    points: points.map((p, x) => typeof p === "number" ? [x, p] as const : p),
  }));
  return new Plot(async () => {
    const panel = await lineChart(series, { ...rest, description: title, xTitle, yTitle });
    return { title, panels: [panel], legend: series };
  });
}
