/**
 * Reports: pages of texts, tables and drawings, and the kinds of page that runs ask for.
 *
 * @module
 */

export * from "./chart.ts";
export * from "./figure_image.ts";
export { confusionMatrix } from "./heat_map.ts";
export * from "./kinds.ts";
export { lineChart, type LineChartOptions, type Series } from "./line_chart.ts";
export {
  buildPage,
  escapeHtml,
  type Figure,
  type LegendEntry,
  type Page,
  type Panel,
  type Section,
  type Table,
  type Tile,
} from "./page.ts";
export type { Image } from "./png.ts";
export { SERIES_COLORS, seriesColor } from "./style.ts";
