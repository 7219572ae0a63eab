/**
 * Our factorisations beside LAPACK's, which is called directly and on one thread.
 *
 * @module
 */

import { measure, type MeasureOptions, type Timing } from "../harness.ts";
import type { Aim, Section } from "./definition.ts";
import { inSeconds, ratio } from "./fastest.ts";
import type { Worker } from "./worker_client.ts";

/** A factorisation of ours and LAPACK's. */
export interface Factorisation {
  /** Our operation. */
  readonly ours: string;
  /** LAPACK's. */
  readonly name: string;
  /** LAPACK's precision: that in which ours computes. */
  readonly direct: string;
}

/** Thin QR factorisations. */
export const QR: Factorisation = { ours: "qr", name: "qr", direct: "s" };

/** Ours computes in double precision, and so must what it is held to. */
export const SVD: Factorisation = { ours: "svd", name: "svd", direct: "d" };

/** Inverses of the Cholesky factors of Gram matrices. */
export const CHOLESKY: Factorisation = { ours: "inverse-factor", name: "cholesky", direct: "s" };

/** Works by the name in the table: ours first. */
export function factorisationWorks(
  { ours, name, direct }: Factorisation,
  m: number,
  n: number,
): Record<string, string> {
  return {
    [`ours ${m}×${n}`]: `factorise ${ours} ${m} ${n}`,
    [`LAPACK ${m}×${n}`]: `lapack ${name} ${m} ${n} ${direct}`,
  };
}

/** A table. */
export interface Comparison extends Factorisation {
  /** Its heading. */
  readonly title: string;
  /** How many of LAPACK's calls do what ours does once; default 1. */
  readonly times?: number;
  /** Rows and columns. */
  readonly shapes: readonly (readonly [number, number])[];
}

/**
 * A table for each, and the largest ratio as an aim.
 *
 * @param worker Does both, in turns.
 * @param limit What the ratios should be at most.
 */
export async function beside(
  worker: Worker,
  comparisons: readonly Comparison[],
  limit: number,
  options: MeasureOptions,
): Promise<{ section: Section; aim: Aim }[]> {
  const tables: { section: Section; aim: Aim }[] = [];
  for (const comparison of comparisons) {
    tables.push(await tableOf(worker, comparison, limit, options));
  }
  return tables;
}

async function tableOf(
  worker: Worker,
  { title, times = 1, shapes, ...factorisation }: Comparison,
  limit: number,
  options: MeasureOptions,
): Promise<{ section: Section; aim: Aim }> {
  const figures = new Map<string, Timing>();
  const extra: Record<string, Record<string, string>> = {};
  let largest: number | undefined;
  for (const [m, n] of shapes) {
    const works = factorisationWorks(factorisation, m, n);
    const [own, other] = Object.keys(works) as [string, string];
    const timings = await measure(
      Object.entries(works).map(([label, work]) => worker.variant(label, work)),
      options,
    );
    for (const [label, timing] of timings) figures.set(label, timing);
    const found = ratio(timings.get(own)!.median, times * timings.get(other)!.median)!;
    extra[own] = { "of LAPACK": `${found.toFixed(2)}x` };
    largest = Math.max(largest ?? 0, found);
  }
  const what = `${title}, ours over ${times > 1 ? `${times} calls of ` : ""}LAPACK, largest`;
  return {
    section: { title, figures: inSeconds(figures), extra },
    aim: { what, value: largest, limit },
  };
}
