import type { Algebra, Matrix } from "../algebra/mod.ts";
import type { Federation } from "./types.ts";

/** A federation of matrices on the host, where nothing has to be freed. */
export function hostFederation(
  algebra: Algebra<Matrix>,
  chosen: Pick<Federation<Matrix>, "rule" | "correction" | "plans">,
): Federation<Matrix> {
  return {
    ...chosen,
    algebra,
    bytesPerNumber: Float64Array.BYTES_PER_ELEMENT,
    scope: (f) => f(),
    free: () => {},
  };
}
