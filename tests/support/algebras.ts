/** Every algebra that is present, each with the accuracy that it owes. */

import {
  type Algebra,
  complexAlgebra,
  type ComplexMatrix,
  engineAlgebra,
  hostAlgebra,
  type Matrix,
  openHostAlgebra,
} from "../../core/algebra/mod.ts";
import { backends, openEngine, type Tensor } from "../../core/backend/mod.ts";

/** What a test does with an algebra, whatever its matrices are. */
export type AlgebraCheck = <M>(a: Algebra<M>, tolerance: Tolerance) => Promise<void>;

/** Errors that an algebra may make. */
export interface Tolerance {
  /** Largest entry of |QᵀQ − I|. */
  readonly orthonormal: number;
  /** Relative error of a reconstruction or a product. */
  readonly relative: number;
}

const FLOAT64: Tolerance = { orthonormal: 1e-13, relative: 1e-13 };
const FLOAT32: Tolerance = { orthonormal: 1e-6, relative: 2e-6 };

/** The CPU backends: those whose results repeat bit for bit. */
export const cpuBackends: readonly string[] = ["blas", "wasm", "cpu"];

/** The part of a test's definition that skips it where the backend is absent, with the reason. */
export async function onBackend(
  name: string,
  title: string,
): Promise<{ name: string; ignore: boolean; sanitizeResources: false; sanitizeOps: false }> {
  const reason = await backends.get(name).probe();
  const suffix = reason === undefined ? "" : ` (skipped: ${reason})`;
  return {
    name: `${title}, on ${name}${suffix}`,
    ignore: reason !== undefined,
    // Engines, libraries and devices belong to the process.
    sanitizeResources: false,
    sanitizeOps: false,
  };
}

/** Defines one test for each algebra; tensors may not be left behind. */
export async function testAlgebras(title: string, check: AlgebraCheck): Promise<void> {
  Deno.test(`${title}, in float64`, () => check(hostAlgebra(), FLOAT64));
  // Real matrices have real factors in the complex algebra too; complex ones have tests of their own.
  Deno.test(
    `${title}, in complex float64`,
    () => check<ComplexMatrix>(complexAlgebra(), FLOAT64),
  );
  Deno.test({
    name: `${title}, in float64 as recipes open it`,
    // A native library belongs to the process.
    sanitizeResources: false,
    fn: async () => await check<Matrix>(await openHostAlgebra(), FLOAT64),
  });
  for (const name of cpuBackends) {
    Deno.test({
      ...await onBackend(name, title),
      fn: async () => {
        const { engine } = await openEngine(name);
        const before = engine.memory().numTensors;
        await engine.scope(() => check<Tensor>(engineAlgebra(engine), FLOAT32));
        if (engine.memory().numTensors !== before) {
          throw new Error(`${engine.memory().numTensors - before} tensors are left behind`);
        }
      },
    });
  }
}
