/** Adapters that begin with a factorisation of the weight or of its gradient. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  type Adapter,
  type Attached,
  firstStepOf,
  loldu,
  loraSb,
  loraXs,
  type Matrix,
  matrix,
  matrixOf,
  mergedWeight,
  Random,
  svfit,
} from "../../../core/mod.ts";
import { attachHost, hostFlows, movedFrom } from "../../support/adapters.ts";
import { gaussian, host, minus, norm, relativeError, times } from "../../support/matrices.ts";

const w = gaussian(new Random(1), 12, 8);
const f = gaussian(new Random(2), 12, 8);
const merged = (adapter: Adapter, at: Attached<Matrix>) => mergedWeight(host, adapter, at);
const gram = (x: Matrix, y: Matrix) => host.multiply(x, y, { transposeLeft: true });

/** Columns of the difference between a matrix and the identity, at most this far. */
function assertIdentity(x: Matrix, within: number): void {
  assertLess(norm(minus(x, host.identity(x.rows))), within);
}

Deno.test("svfit: values move along pᵀ F q, and nothing turns", async () => {
  const at = movedFrom(await attachHost(svfit.tuned({ rank: 3 }), w), 2);
  const { p, q } = await host.svd(w);
  const added = gram(p, times(minus(merged(svfit, at), w), q));
  const moved = minus(at.trained.sigma!, at.frozen.start!);
  const wanted = matrixOf(8, 8, (i, j) => i === j && i < 3 ? moved.data[i]! : 0);
  assertLess(norm(minus(added, wanted)), 1e-12);
  const core = gram(p, times(f, q));
  const flows = hostFlows(svfit, at, f);
  [0, 1, 2].forEach((i) => assertAlmostEquals(flows.sigma!.data[i]!, core.data[i * 8 + i]!, 1e-12));
});

Deno.test("svfit: without a rank, the fewest values that hold 99 % of the squares", async () => {
  const falling = host.hadamard(
    (await host.qr(gaussian(new Random(3), 12, 8))).q,
    matrix(Array.from({ length: 8 }, (_, i) => 0.3 ** i), 1, 8),
  );
  const { sigma } = await host.svd(falling);
  const share = (r: number) =>
    sigma.slice(0, r).reduce((sum, s) => sum + s * s, 0) / norm(falling) ** 2;
  const { rank } = (await attachHost(svfit, falling)).numbers!;
  assert(share(rank!) >= 0.99 && share(rank! - 1) < 0.99, `${rank}`);
});

Deno.test("loldu: pivots of a permuted LDU factorisation; z₀ restores the weight", async () => {
  for (const x of [w, host.transpose(w)]) {
    const adapter = loldu.tuned({ rank: 8, alpha: 8 });
    const at = await attachHost(adapter, x);
    const { u, v } = at.frozen;
    const whole = times(u!, host.diagonal(at.trained.z!.data), host.transpose(v!));
    assertLess(relativeError(whole, x), 1e-13);
    // Columns of P L hold a 1 and nothing larger; rows of U begin with a 1.
    for (let k = 0; k < 8; k++) {
      const column = Array.from({ length: v!.rows }, (_, i) => Math.abs(v!.data[i * 8 + k]!));
      assertEquals(Math.max(...column), 1);
      assertEquals(u!.data[k * 8 + k], 1);
    }
    const back = { ...movedFrom(at), trained: at.trained };
    assertLess(relativeError(merged(adapter, back), x), 1e-15);
  }
});

Deno.test("loldu: indices without a pivot are left out, not divided by", async () => {
  const holed = host.hadamard(w, matrix([1, 1, 0, 1, 1, 1, 1, 1].concat([1, 1, 1, 1]), 12, 1));
  const low = times(gaussian(new Random(4), 12, 3), gaussian(new Random(5), 3, 8));
  for (const [x, rank] of [[holed, 8], [matrix(new Float64Array(96), 12, 8), 0]] as const) {
    const at = await attachHost(loldu.tuned({ rank: 8 }), x);
    assertEquals(at.trained.z!.data.every((z) => Number.isFinite(z) && z !== 0), true);
    assertEquals(at.numbers!.rank! <= rank, true);
    assertLess(norm(minus(merged(loldu, at), x)), 1e-13);
  }
  const at = await attachHost(loldu.tuned({ rank: 3 }), low);
  const { u, v } = at.frozen;
  const whole = times(u!, host.diagonal(at.trained.z!.data), host.transpose(v!));
  assertLess(relativeError(whole, low), 1e-12);
});

Deno.test("loldu: its scale may train, too", async () => {
  const adapter = loldu.tuned({ rank: 2, scaled: true });
  assertEquals(adapter.trainables([12, 8]), 3);
  const begun = await attachHost(adapter, w);
  assertLess(relativeError(merged(adapter, begun), w), 1e-15);
  const at = movedFrom(begun);
  const flows = hostFlows(adapter, at, f);
  for (const name of ["z", "scale"]) {
    const x = at.trained[name]!;
    for (let i = 0; i < x.data.length; i++) {
      const along = (h: number) => {
        const data = Float64Array.from(x.data, (v, k) => k === i ? v + h : v);
        const trained = { ...at.trained, [name]: matrix(data, 1, x.data.length) };
        return merged(adapter, { ...at, trained });
      };
      const slope = minus(along(1e-4), along(-1e-4)).data
        .reduce((sum, d, k) => sum + d * f.data[k]!, 0) / 2e-4;
      assertAlmostEquals(flows[name]!.data[i]!, slope, 1e-9);
    }
  }
});

Deno.test("lora-xs: the factor at the inputs carries the singular values", async () => {
  const at = await attachHost(loraXs.tuned({ rank: 3 }), w);
  const { p, sigma, q } = await host.svd(w);
  const wanted = host.weighted(host.columns(p, 0, 3), { columns: sigma.slice(0, 3) });
  assertLess(relativeError(at.frozen.u!, wanted), 1e-14);
  assertLess(relativeError(at.frozen.v!, host.columns(q, 0, 3)), 1e-14);
  assertLess(norm(at.trained.core!), 1e-4);
});

Deno.test("lora-sb: it starts at the best approximation of −η sign(G), between orthonormal factors", async () => {
  const gradient = gaussian(new Random(6), 12, 8);
  const at = await attachHost(loraSb.tuned({ rank: 3, eta: 0.01 }), w, { gradient });
  const { u, v } = at.frozen;
  assertIdentity(gram(u!, u!), 1e-13);
  assertIdentity(gram(v!, v!), 1e-13);
  const full = matrixOf(12, 8, (i, j) => -0.01 * Math.sign(gradient.data[i * 8 + j]!));
  const { sigma } = await host.svd(full);
  const tail = Math.hypot(...sigma.slice(3));
  assertAlmostEquals(norm(minus(minus(merged(loraSb, at), w), full)), tail, 1e-13);
});

Deno.test("lora-sb: gradient descent of the core is that of the weight, projected; in full it is that", async () => {
  for (const [x, rank] of [[w, 3], [gaussian(new Random(7), 8, 8), 8]] as const) {
    const adapter = loraSb.tuned({ rank });
    let at = await attachHost(adapter, x);
    for (let k = 0; k < 3; k++) {
      const g = gaussian(new Random(20 + k), x.rows, x.cols);
      const before = merged(adapter, at);
      const core = host.lincomb(1, at.trained.core!, 0.1, hostFlows(adapter, at, g).core!);
      at = { ...at, trained: { core } };
      const { u, v } = at.frozen;
      const projected = times(u!, gram(u!, g), v!, host.transpose(v!));
      const wanted = host.lincomb(1, before, 0.1, rank === 8 ? g : projected);
      assertLess(relativeError(merged(adapter, at), wanted), 1e-13);
    }
  }
});

Deno.test("lora-sb: a start without gradient or warm-up is refused", async () => {
  const { gradient: _, ...context } = { gradient: w, name: "a.weight", shape: [12, 8] };
  const error = await assertRejects(
    () => loraSb.attach(host, w, { ...context, random: new Random(1) }),
    RangeError,
  );
  assertEquals(
    error.message,
    'Cannot attach "lora-sb" to "a.weight": expected the gradient of the loss at the start, ' +
      "got none; wholeGradients takes it",
  );
  assertAlmostEquals(firstStepOf(1e-3, 0.02, 1000), 5e-5, 1e-18);
  assertThrows(() => firstStepOf(1e-3, 0, 1000), RangeError, "Cannot start LoRA-SB");
});
