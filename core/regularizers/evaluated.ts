/**
 * What regularizers return, held to what they promise, where they are called.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { NonFiniteError } from "../checks.ts";
import type { Regularizer, RegularizerSettings, RegularizerTerm } from "./regularizer.ts";

/**
 * Value and gradient of a regularizer at a core; undefined where it is a projection only.
 *
 * @throws {RangeError} When the gradient has another shape than the core.
 * @throws {NonFiniteError} When the value is not finite.
 */
export async function termOf<M>(
  a: Algebra<M>,
  regularizer: Regularizer,
  core: M,
  settings: RegularizerSettings,
): Promise<RegularizerTerm<M> | undefined> {
  const found = await regularizer.term?.(a, core, settings);
  if (found === undefined) return undefined;
  if (!Number.isFinite(found.value)) {
    throw new NonFiniteError(
      `Cannot regularise: expected a finite value of "${regularizer.name}", got ${found.value}`,
    );
  }
  // The gradient may be made when it is asked for; where there is a way down, nobody asks.
  if (!found.descent && found.gradient) checkShape(a, regularizer, core, found.gradient);
  return found;
}

/**
 * The nearest core that obeys the bound of a regularizer; the core itself where there is none.
 *
 * @throws {RangeError} When it has another shape than the core.
 */
export async function projectionOf<M>(
  a: Algebra<M>,
  regularizer: Regularizer,
  core: M,
  settings: RegularizerSettings,
): Promise<M> {
  const found = await regularizer.project?.(a, core, settings);
  if (found === undefined) return core;
  checkShape(a, regularizer, core, found);
  return found;
}

function checkShape<M>(a: Algebra<M>, { name }: Regularizer, core: M, got: M): void {
  const [wanted, shape] = [core, got].map((x) => `${a.rows(x)}×${a.cols(x)}`);
  if (wanted === shape) return;
  throw new RangeError(
    `Cannot use regularizer "${name}": expected it to return ${wanted} entries, got ${shape}`,
  );
}
