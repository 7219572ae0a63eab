/**
 * The look of a report: light and dark, phone and desktop, and paper.
 *
 * Series colours are the colour-blind safe set of Okabe and Ito (2008), darkened for a light page
 * and lightened for a dark one where the contrast asks for it.
 *
 * @module
 */

/** How many series colours there are: the variables `--series-1` and so on. */
export const SERIES_COLORS = 7;

/**
 * The CSS value of a series colour.
 *
 * @param index Number of the series from 0; repeats after {@linkcode SERIES_COLORS}.
 * @returns A value for `fill` and `stroke`, light or dark with the page.
 */
export function seriesColor(index: number): string {
  return `var(--series-${index % SERIES_COLORS + 1})`;
}

/** The style sheet of a report page. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f6f7f9; --text: #1b1f24; --muted: #57606a; --line: #d5dae0;
  --series-1: #0072b2; --series-2: #d55e00; --series-3: #008a64; --series-4: #b3578f;
  --series-5: #b57d00; --series-6: #3a93c4; --series-7: #5b6570;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --panel: #1d2126; --text: #e8eaed; --muted: #a3abb5; --line: #3a414a;
    --series-1: #58b2ec; --series-2: #f28a3c; --series-3: #2bc191; --series-4: #dd93bd;
    --series-5: #e6b13d; --series-6: #9bd3f2; --series-7: #aab2bc;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 66rem;
  background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
h4 { font-size: .85rem; font-weight: 500; margin: 0; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 45rem; }
.lead { font-size: 1.1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0; }
.tile { background: var(--panel); border-radius: .5rem; padding: .75rem 1rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.3; }
.tile span { display: block; font-size: .85rem; color: var(--muted); }
.tables { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1.5rem 3rem; margin: 1rem 0; }
.scroll { overflow-x: auto; min-width: 0; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: .9rem; padding-bottom: .25rem; }
th, td { padding: .35rem 1rem .35rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
td { overflow-wrap: anywhere; }
tbody th { font-weight: 500; color: var(--muted); }
.right { text-align: right; white-space: nowrap; }
.figures { display: grid; gap: 2rem 2.5rem; margin: 1.25rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
figure { margin: 0; min-width: 0; max-width: 36rem; break-inside: avoid; }
figure.wide { grid-column: 1 / -1; max-width: none; }
figcaption { font-size: .9rem; color: var(--muted); max-width: 45rem; }
.panels { display: grid; gap: 1rem; margin: .5rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); }
.panels.single { grid-template-columns: minmax(0, 1fr); }
.panel { max-width: 36rem; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; list-style: none; margin: .35rem 0 0;
  padding: 0; font-size: .85rem; }
.legend svg { width: 1.75rem; height: .6rem; margin-right: .4rem; }
svg.chart { display: block; width: 100%; height: auto; }
footer { margin-top: 3rem; font-size: .85rem; color: var(--muted); }
@media (max-width: 30rem) {
  th, td { padding-right: .5rem; font-size: .82rem; }
  .right:last-child { padding-right: 0; }
  h1 { font-size: 1.4rem; }
  .lead { font-size: 1rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .scroll { overflow: visible; break-inside: avoid; }
  .figures { grid-template-columns: 1fr 1fr; }
  h2 { break-after: avoid; }
}
`;
