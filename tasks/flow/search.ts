/**
 * Searching for the shape of least averaged drag under one window.
 *
 * @module
 */

import { minimise } from "./minimise.ts";
import type { DesignStep, SearchProgress, SearchResult, SearchSettings } from "./search_records.ts";
import { ShapeTask } from "./shape_task.ts";

/**
 * Searches; yields every design as it is found, and returns what is left at the end.
 *
 * @param threads Most threads that share the steps of a simulation; the result is the same.
 */
export async function* search(
  settings: SearchSettings,
  progress: SearchProgress,
  threads: number,
): AsyncGenerator<DesignStep, SearchResult> {
  const begin = performance.now();
  using task = new ShapeTask(settings, progress, threads);
  await task.develop();
  const dragBefore = await task.longDrag();
  const before = task.picture();
  const designs: DesignStep[] = [];
  for await (const point of minimise(task)) {
    designs.push(await task.describe(point, (performance.now() - begin) / 1000));
    yield designs.at(-1)!;
  }
  const dragAfter = await task.longDrag();
  return {
    window: settings.window,
    designs,
    dragBefore,
    dragAfter,
    ...await task.costs(),
    before,
    after: task.picture(),
  };
}
