/**
 * Reports: pages of texts, tables and drawings, and the kinds of page that runs ask for.
 *
 * @module
 */

export * from "./chart.ts";
export * from "./figure_image.ts";
export * from "./heat_map.ts";
export * from "./kinds.ts";
export * from "./line_chart.ts";
export * from "./page.ts";
export type { Image } from "./png.ts";
export * from "./style.ts";
