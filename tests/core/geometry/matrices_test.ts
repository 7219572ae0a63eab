import { assertLess, assertRejects } from "@std/assert";
import { matrixOf } from "../../../core/algebra/mod.ts";
import { NonFiniteError } from "../../../core/checks.ts";
import { matrixExponential } from "../../../core/geometry/matrices.ts";
import { Random } from "../../../core/random.ts";
import { expm, host, relativeError, skew } from "../../support/matrices.ts";

Deno.test("matrixExponential() agrees with a longer series, and refuses what is not finite", async () => {
  const x = host.scale(3, skew(new Random(1), 6));
  assertLess(relativeError(await matrixExponential(host, x), expm(x)), 1e-13);
  for (const entry of [Infinity, NaN]) {
    await assertRejects(
      () => matrixExponential(host, matrixOf(2, 2, () => entry)),
      NonFiniteError,
      `Cannot exponentiate: expected a finite matrix, got norm ${entry}`,
    );
  }
});
