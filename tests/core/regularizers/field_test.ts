import { assertLess } from "@std/assert";
import fc from "fast-check";
import {
  addToField,
  addToTuckerField,
  denseField,
  denseTensorField,
  type LowRank,
  type Matrix,
  modeProducts,
  Random,
  tuckerToDense,
} from "../../../core/mod.ts";
import { contractAlong } from "../../../core/geometry/mod.ts";
import {
  dense,
  gaussian,
  host,
  minus,
  norm,
  orthonormal,
  plus,
  randomLowRank,
} from "../../support/matrices.ts";
import { gaussianTensor, randomTucker, tensorError } from "../../support/tensors.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 30 });

Deno.test("addToField() is the sum of a dense field and U C Vᵀ, against any bases", async () => {
  await fc.assert(fc.asyncProperty(seeds, async (seed) => {
    const random = new Random(seed);
    const [m, n, r] = [9, 7, 3];
    const f = gaussian(random, m, n);
    const bases = await randomLowRank(random, m, n, [3, 2, 1]);
    const term: LowRank<Matrix> = { ...bases, s: gaussian(random, r, r) };
    const field = addToField(host, denseField(host, f), term);
    const whole = denseField(host, plus(f, dense(term)));
    const wider = host.hstack([term.u, gaussian(random, m, 2)]);
    for (const u of [term.u, wider, gaussian(random, m, 4)]) {
      for (const v of [term.v, gaussian(random, n, 5)]) {
        assertLess(norm(minus(field.times(v), whole.times(v))), 1e-12 * 100);
        assertLess(norm(minus(field.adjointTimes(u), whole.adjointTimes(u))), 1e-12 * 100);
        assertLess(norm(minus(field.galerkin(u, v), whole.galerkin(u, v))), 1e-12 * 100);
      }
    }
  }));
});

Deno.test("addToTuckerField() is the sum of a dense field and a Tucker tensor", async () => {
  const random = new Random(3);
  const shape = [4, 6, 5];
  const f = gaussianTensor(random, shape);
  const term = await randomTucker(random, shape, [2, 3, 2]);
  const field = addToTuckerField(host, denseTensorField(host, f), term);
  const sum = { shape, data: plus(f.data, tuckerToDense(host, term).data) };
  const bases = [undefined, await orthonormal(random, 6, 4), term.factors[2]];
  const wanted = modeProducts(host, sum, bases, { transpose: true });
  assertLess(tensorError(field.contract(bases), wanted), 1e-13);
  const others = {
    core: gaussianTensor(random, [2, 3, 2]),
    factors: [term.factors[0], undefined, term.factors[2]],
  };
  const along = contractAlong(host, denseTensorField(host, sum), 1, others);
  assertLess(norm(minus(field.along!(1, others), along)), 1e-12 * norm(along));
});
