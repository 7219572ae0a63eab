/** What every adapter promises on a matrix of 12 inputs and 8 outputs, at rank 2. */

import type { Settings } from "../../core/mod.ts";

/** The promises of one adapter. */
export interface AdapterRow {
  /** Settings of the row; default: rank 2. */
  readonly settings?: Settings;
  /** Numbers that train. */
  readonly trainables: number;
  /** How far the merged weight is from W₀ at the start, relative to it; default 1e-12. */
  readonly start?: number;
  /** What has a gradient at the start; all else has none. */
  readonly first: readonly string[];
  /** Whether flows are gradients times rates of their own, which are tested by themselves. */
  readonly rates?: boolean;
  /** Largest rank of what is added to W₀ once it has moved. */
  readonly rank: number;
}

/** Rows by the name of the adapter. */
export const ADAPTER_ROWS: Readonly<Record<string, AdapterRow>> = {
  "lora": { trainables: 40, first: ["v"], rank: 2 },
  "rslora": { trainables: 40, first: ["v"], rank: 2 },
  "lora-plus": { trainables: 40, first: ["v"], rank: 2 },
  "dora": { trainables: 48, first: ["m", "v"], rank: 8 },
  "pissa": { trainables: 40, first: ["u", "v"], rank: 4 },
  "adalora": {
    settings: { rank: 2, target: 1, orthogonality: 0 },
    trainables: 42,
    first: ["e"],
    rank: 2,
  },
  "vera": { trainables: 10, first: ["b"], rank: 2 },
  "loha": { trainables: 80, first: ["u2"], rank: 4 },
  "lokr": { trainables: 22, first: ["w1"], rank: 8 },
  "geolora": { trainables: 44, first: ["s"], rank: 2 },
  "sora": { trainables: 42, first: ["v"], rank: 2 },
  "dylora": { trainables: 40, first: ["v"], rank: 2 },
  "svfit": { trainables: 2, first: ["sigma"], rank: 2 },
  "loldu": { trainables: 2, first: ["z"], rank: 2 },
  "lora-xs": { trainables: 4, start: 1e-4, first: ["core"], rank: 2 },
  // One step ahead of W₀: how far is tested by itself.
  "lora-sb": { trainables: 4, start: 0.01, first: ["core"], rank: 2 },
  "allora": { trainables: 40, first: ["v"], rank: 2, rates: true },
  "nola": { settings: { rank: 2, count: 16 }, trainables: 32, first: ["b"], rank: 2 },
  "randlora": { trainables: 40, first: ["lambda"], rank: 8 },
  "sara": { settings: { threshold: 0.5 }, trainables: 33, first: ["values"], rank: 8 },
};
