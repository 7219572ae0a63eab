/**
 * Cutting work into ranges.
 *
 * @module
 */

/** Pieces for each thread: enough for one that is late to be helped out. */
export const PER_THREAD = 4;

/**
 * Cuts an extent into about `count` ranges: where each begins and how long it is.
 *
 * @param unit Lengths but the last are multiples of it.
 */
export function ranges(extent: number, count: number, unit: number): [number, number][] {
  const size = unit * Math.ceil(extent / count / unit);
  const list: [number, number][] = [];
  for (let i = 0; i < extent; i += size) list.push([i, Math.min(size, extent - i)]);
  return list;
}

/** Numbers below which one thread is done before the others have heard of it. */
const SMALL = 2 ** 15;

/** Cuts rows of so many numbers into ranges for threads, or leaves them whole where they are few. */
export function rowRanges(threads: number, rows: number, width: number): [number, number][] {
  const pieces = rows * width < SMALL ? 1 : threads * PER_THREAD;
  return ranges(rows, pieces, 1);
}
