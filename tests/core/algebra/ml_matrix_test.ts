/** Our portable factorisations beside those of ml-matrix, on matrices that both can do. */

import { assertLess } from "@std/assert";
import fc from "fast-check";
import { Matrix as MlMatrix, QrDecomposition, SVD } from "ml-matrix";
import { portableKernels } from "../../../core/algebra/dense_kernels.ts";
import { type Matrix, matrix } from "../../../core/algebra/mod.ts";
import { Random } from "../../../core/random.ts";

/** Sizes m ≥ n of random matrices, and their seed. */
const SIZES = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.nat(12), fc.nat());

function randomMatrix(rows: number, cols: number, seed: number): Matrix {
  return matrix(new Random(seed).fillNormal(new Float64Array(rows * cols)), rows, cols);
}

function theirs({ rows, cols, data }: Matrix): MlMatrix {
  return MlMatrix.from1DArray(rows, cols, [...data]);
}

Deno.test("portable singular values are those of ml-matrix", () => {
  fc.assert(fc.property(SIZES, ([n, more, seed]) => {
    const x = randomMatrix(n + more, n, seed);
    const { sigma } = portableKernels.svd(x);
    const expected = new SVD(theirs(x)).diagonal;
    sigma.forEach((s, i) => assertLess(Math.abs(s - expected[i]!), 1e-12 * expected[0]!));
  }));
});

Deno.test("the portable R is that of ml-matrix but for the signs of its rows", () => {
  fc.assert(fc.property(SIZES, ([n, more, seed]) => {
    const x = randomMatrix(n + more, n, seed);
    const { r } = portableKernels.qr(x);
    const expected = new QrDecomposition(theirs(x)).upperTriangularMatrix;
    const size = Math.hypot(...x.data);
    for (let i = 0; i < n; i++) {
      const sign = Math.sign(r.data[i * n + i]!) * Math.sign(expected.get(i, i));
      for (let j = i; j < n; j++) {
        assertLess(Math.abs(r.data[i * n + j]! - sign * expected.get(i, j)), 1e-12 * size);
      }
    }
  }));
});
