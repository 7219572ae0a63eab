/**
 * A matrix that adapters are to move to another one: least squares, of which the best error of every
 * rank is known.
 *
 * @module
 */

import {
  denseFormat,
  examplesOf,
  openHostAlgebra,
  Random,
  regression,
  type TrainingMethod,
} from "../../core/mod.ts";
import { linear } from "../../layers/mod.ts";
import type { RecipeContext } from "../recipe.ts";
import type { Subject } from "./subject.ts";

/** What decides it. */
export interface MatrixChoice {
  /** Rows and columns. */
  readonly size: number;
  /** Rank of what is to be added, 0 for a full one. */
  readonly targetRank: number;
  /** Seed of both matrices. */
  readonly seed: number;
}

/**
 * W₀ and W₀ + T, T of norm √(size) and a rank. The loss of examples that are the unit vectors is
 * ‖ΔW − T‖² / size², so that of an adapter of rank r is at least Σ σᵢ(T)², i > r, over size².
 */
export async function matrixSubject(
  { size, targetRank, seed }: MatrixChoice,
  { engine }: TrainingMethod,
  { sink }: RecipeContext,
): Promise<Subject> {
  const host = await openHostAlgebra();
  const random = new Random(seed);
  const normal = (name: string, rows: number, columns: number) =>
    host.from(
      random.fork(name).fillNormal(new Float32Array(rows * columns), 0, 1),
      rows,
      columns,
    );
  const rank = targetRank === 0 ? size : targetRank;
  const base = host.scale(1 / Math.sqrt(size), normal("base", size, size));
  const product = host.multiply(normal("left", size, rank), normal("right", rank, size));
  const target = host.scale(Math.sqrt(size) / await host.norm(product), product);
  const { sigma } = await host.svd(target);
  const least = (r: number) => sigma.slice(r).reduce((sum, s) => sum + s * s, 0) / size ** 2;
  sink.write(
    `Least loss by rank: ${
      [1, 2, 4, 8].filter((r) => r < size).map((r) => `${r}: ${least(r).toPrecision(3)}`).join(", ")
    }\n`,
  );
  const rows = (data: Float64Array) => ({ data: Float32Array.from(data), shape: [size] });
  const data = examplesOf({
    x: rows(host.identity(size).data),
    y: rows(host.lincomb(1, base, 1, target).data),
  });
  return {
    network: linear({ name: "map", inputs: size, outputs: size, bias: false }),
    states: () =>
      Promise.resolve({
        "map.weight": {
          format: denseFormat.name,
          value: engine.tensor(Float32Array.from(base.data), [size, size]),
        },
      }),
    task: regression({ train: data, test: data }),
    dataset: { name: `matrix of rank ${rank}`, sha256: "" },
    targets: "map.weight",
    full: [],
  };
}
