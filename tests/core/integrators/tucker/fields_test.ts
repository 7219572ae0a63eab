/** What every Tucker integrator owes whoever answers it: nothing formed, and no field of its own. */

import { assertEquals, assertLess } from "@std/assert";
import {
  euler,
  type Matrix,
  Random,
  reducedTuckerField,
  relativeFrobenius,
  scaleTucker,
  stepOde,
  sumTuckerField,
  tuckerField,
  tuckerIntegrators,
  type TuckerRightHandSide,
  type TuckerTensor,
  tuckerToDense,
} from "../../../../core/mod.ts";
import { countingAlgebra } from "../../../support/counting_algebra.ts";
import { holders } from "../../../support/holders.ts";
import { host } from "../../../support/matrices.ts";
import { randomTucker, tensorError } from "../../../support/tensors.ts";

const o = { stepper: euler, truncation: { rule: relativeFrobenius, tolerance: 1e-3 } };

for (const item of tuckerIntegrators.list()) {
  Deno.test(`${item.name} forms nothing of the size of the tensor`, async () => {
    const random = new Random(1);
    const y = await randomTucker(random, [50, 40, 60], [2, 3, 2]);
    const target = await randomTucker(random, [50, 40, 60], [2, 2, 2]);
    const { algebra, largest } = countingAlgebra(host);
    const rhs: TuckerRightHandSide<Matrix> = (_t, at) =>
      sumTuckerField(algebra, [
        tuckerField(algebra, target),
        tuckerField(algebra, scaleTucker(algebra, -1, at)),
      ]);
    await stepOde(algebra, item, rhs, y, 0, 0.1, o);
    // A basis of twice the rank, a core of twice the ranks, one mode left open.
    assertLess(largest(), 1 + 60 * 6 * 4);
  });

  Deno.test(`${item.name} takes the step of the sum where three hold a part of the field`, async () => {
    const random = new Random(2);
    const shape = [6, 5, 7];
    const y = await randomTucker(random, shape, [2, 3, 2]);
    const targets = await Promise.all([1, 2, 3].map((r) => randomTucker(random, shape, [r, r, r])));
    // F = Σ (T − Y) over the parts.
    const partAt = (target: TuckerTensor<Matrix>, at: TuckerTensor<Matrix>) =>
      sumTuckerField(host, [
        tuckerField(host, target),
        tuckerField(host, scaleTucker(host, -1, at)),
      ]);
    const step = (f: TuckerRightHandSide<Matrix>) => stepOde(host, item, f, y, 0, 0.1, o);
    const whole = await step((_t, at) => sumTuckerField(host, targets.map((t) => partAt(t, at))));
    const reduce = holders(targets.length);
    const apart = await Promise.all(
      targets.map((t, i) => step((_t, at) => reducedTuckerField(host, partAt(t, at), reduce[i]!))),
    );
    const [wanted, first] = [tuckerToDense(host, whole.y), apart[0]!.y];
    for (const { y: found } of apart) {
      assertLess(tensorError(tuckerToDense(host, found), wanted), 1e-12);
      // Bit for bit the same for all, or their next sums would be of different things.
      assertEquals(found, first);
    }
  });
}
