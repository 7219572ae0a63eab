/** LoRA and what differs from it in one thing, against their formulas, in float64. */

import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  type Adapter,
  adapters,
  type Attached,
  choose,
  dora,
  hostAlgebra,
  lora,
  loraPlus,
  type Matrix,
  matrix,
  mergedWeight,
  pissa,
  Random,
  rslora,
  tensorsOf,
} from "../../../core/mod.ts";
import { attachHost, differences, hostFlows, misfit, movedFrom } from "../../support/adapters.ts";
import { countingAlgebra } from "../../support/counting_algebra.ts";
import {
  gaussian,
  host,
  minus,
  norm,
  orthonormal,
  relativeError,
  times,
} from "../../support/matrices.ts";

const w = gaussian(new Random(1), 12, 8);
const target = gaussian(new Random(2), 12, 8);

const merged = (adapter: Adapter, at: Attached<Matrix>) => mergedWeight(host, adapter, at);
const force = (adapter: Adapter, at: Attached<Matrix>) => minus(target, merged(adapter, at));

/** One step of gradient descent. */
function descended(adapter: Adapter, at: Attached<Matrix>, f: Matrix, rate: number) {
  const flows = hostFlows(adapter, at, f);
  const trained = Object.entries(at.trained).map(([key, x]) => {
    const own = rate * (adapter.rates?.[key] ?? 1);
    return [key, host.lincomb(1, x, own, flows[key]!)] as const;
  });
  const moved = { ...at, trained: Object.fromEntries(trained) };
  return adapter.derive?.(host, moved) ?? moved;
}

Deno.test("lora: factors turned into each other give the same map, and the same descent", async () => {
  const q = await orthonormal(new Random(3), 2, 2);
  let at = movedFrom(await attachHost(lora.tuned({ rank: 2 }), w));
  let turned: Attached<Matrix> = {
    ...at,
    trained: { u: times(at.trained.u!, q), v: times(at.trained.v!, q) },
  };
  for (let k = 0; k < 5; k++) {
    assertLess(relativeError(merged(lora, turned), merged(lora, at)), 1e-13);
    at = descended(lora, at, force(lora, at), 0.01);
    turned = descended(lora, turned, force(lora, turned), 0.01);
  }
});

Deno.test("lora: what it adds is linear in the scale, which is part of the state", async () => {
  const at = movedFrom(await attachHost(lora.tuned({ rank: 2 }), w));
  const added = (scale: number) =>
    minus(merged(lora, { ...at, frozen: { scale: matrix([scale], 1, 1) } }), w);
  assertLess(relativeError(added(3), host.scale(3, added(1))), 1e-14);
});

Deno.test("lora: U starts within 1/√inputs, or normal with deviation 1/r, or at zero", async () => {
  const wide = gaussian(new Random(4), 400, 3);
  const start = async (name: string) =>
    (await attachHost(lora.tuned({ rank: 5, start: name }), wide)).trained;
  const kaiming = (await start("kaiming")).u!.data;
  assertLess(Math.max(...kaiming.map(Math.abs)), 1 / 20);
  assertAlmostEquals(norm(matrix(kaiming, 400, 5)) ** 2 / 2000, 1 / 1200, 1e-4);
  const deviation = norm((await start("gaussian")).u!) / Math.sqrt(2000);
  assertAlmostEquals(deviation, 0.2, 0.01);
  const { u, v } = await start("embedding");
  assertEquals([norm(u!), norm(v!) > 0], [0, true]);
});

Deno.test("rslora: LoRA of α √r to round-off, LoRA at rank 1", async () => {
  for (const rank of [1, 3, 7]) {
    const [own, twin] = await Promise.all([
      attachHost(rslora.tuned({ rank, alpha: 5 }), w),
      attachHost(lora.tuned({ rank, alpha: 5 * Math.sqrt(rank) }), w),
    ]);
    assertLess(relativeError(own.frozen.scale!, twin.frozen.scale!), 1e-15);
    assertEquals(own.trained, twin.trained);
  }
});

Deno.test("rslora: the descent of a first step does not fall with the rank, that of LoRA does", async () => {
  const n = 128;
  const square = gaussian(new Random(5), n, n);
  const f = gaussian(new Random(6), n, n);
  const along = async (adapter: Adapter, alpha: number) => {
    let mean = 0;
    for (let draw = 0; draw < 6; draw++) {
      const at = await attachHost(adapter, square, { random: new Random(draw) });
      const step = minus(merged(adapter, descended(adapter, at, f, 1)), square);
      mean += step.data.reduce((sum, x, i) => sum + x * f.data[i]!, 0) / norm(f) ** 2 / 6;
    }
    // E⟨−ΔW, G⟩ = λ s² r/(3n) ‖G‖²
    return mean / (alpha ** 2 / (3 * n));
  };
  const ranks = [4, 32];
  const [few, many] = await Promise.all(
    ranks.map((rank) => along(rslora.tuned({ rank, alpha: 4 }), 4)),
  );
  assertAlmostEquals(few!, 1, 0.15);
  assertAlmostEquals(many!, 1, 0.15);
  const [one, other] = await Promise.all(
    ranks.map((rank) => along(lora.tuned({ rank, alpha: 4 }), 4)),
  );
  assertAlmostEquals(one! * 4, 1, 0.15);
  assertAlmostEquals(other! * 32, 1, 0.15);
});

Deno.test("lora-plus: its first step is that of LoRA times the ratio; at ratio 1 it is LoRA", async () => {
  const first = async (adapter: Adapter) => {
    const at = await attachHost(adapter, w);
    return descended(adapter, at, force(adapter, at), 0.1);
  };
  const plain = await first(lora.tuned({ rank: 2 }));
  const same = await first(loraPlus.tuned({ rank: 2, ratio: 1 }));
  assertEquals(same.trained, plain.trained);
  const far = await first(loraPlus.tuned({ rank: 2, ratio: 16 }));
  const [added, longer] = [plain, far].map((at) => minus(merged(lora, at), w));
  assertLess(relativeError(longer!, host.scale(16, added!)), 1e-13);
});

Deno.test("dora: columns of the merged weight have the lengths |m|", async () => {
  const at = dora.derive!(host, movedFrom(await attachHost(dora.tuned({ rank: 2 }), w)));
  const whole = merged(dora, at);
  const m = at.trained.m!;
  for (let j = 0; j < 8; j++) {
    const length = Math.hypot(...Array.from({ length: 12 }, (_, i) => whole.data[i * 8 + j]!));
    assertAlmostEquals(length, Math.abs(m.data[j]!), 1e-12);
  }
  const longer = { ...at, trained: { ...at.trained, m: host.hadamard(m, matrix([3], 1, 1)) } };
  assertLess(relativeError(merged(dora, longer), host.scale(3, whole)), 1e-14);
});

Deno.test("dora: lengths of base and V together change nothing; of the base alone they turn it", async () => {
  const at = dora.derive!(host, movedFrom(await attachHost(dora.tuned({ rank: 2 }), w)));
  const factors = matrix(Array.from({ length: 8 }, (_, j) => 1 + j / 4), 1, 8);
  const base = host.hadamard(w, factors);
  const squares = host.hadamard(at.frozen.squares!, host.square(factors));
  const v = host.hadamard(at.trained.v!, host.transpose(factors));
  const scaled = { ...at, base, frozen: { ...at.frozen, squares } };
  const both = dora.derive!(host, { ...scaled, trained: { ...at.trained, v } });
  assertLess(relativeError(merged(dora, both), merged(dora, at)), 1e-13);
  const alone = dora.derive!(host, scaled);
  assertGreater(relativeError(merged(dora, alone), merged(dora, at)), 1e-3);
});

Deno.test("dora: gradients hold the lengths fixed, those of m need not", async () => {
  const at = dora.derive!(host, movedFrom(await attachHost(dora.tuned({ rank: 2 }), w)));
  const flows = hostFlows(dora, at, force(dora, at));
  const turning = (x: Attached<Matrix>) => misfit(dora, dora.derive!(host, x), target);
  assertLess(relativeError(flows.m!, differences(turning, at, "m")), 1e-8);
  for (const key of ["u", "v"]) {
    assertGreater(relativeError(flows[key]!, differences(turning, at, key)), 0.05, key);
  }
  const [v, f] = [host.lincomb(1, at.base, 1, increment(at)), force(dora, at)];
  for (let j = 0; j < 8; j++) {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += f.data[i * 8 + j]! * v.data[i * 8 + j]!;
    assertAlmostEquals(flows.m!.data[j]!, sum * at.frozen.inverse!.data[j]!, 1e-8);
  }
});

function increment(at: Attached<Matrix>): Matrix {
  const { u, s, v } = dora.factors!(host, tensorsOf(at));
  return host.multiply(times(u, s), v, { transposeRight: true });
}

Deno.test("dora: an output without weights stays without", async () => {
  const holed = host.hadamard(w, matrix([1, 1, 0, 1, 1, 1, 1, 1], 1, 8));
  const at = dora.derive!(host, await attachHost(dora.tuned({ rank: 2 }), holed));
  assertLess(relativeError(merged(dora, at), holed), 1e-14);
});

Deno.test("pissa: the base lost the largest singular values, at any α", async () => {
  for (const alpha of [2, 7]) {
    const at = await attachHost(pissa.tuned({ rank: 3, alpha }), w);
    const [whole, rest] = await Promise.all([host.svd(w), host.svd(at.base)]);
    assertAlmostEquals(rest.sigma[0]!, whole.sigma[3]!, 1e-12);
    assertLess(relativeError(merged(pissa, at), w), 1e-13);
    const first = hostFlows(pissa, at, target);
    const plain = hostFlows(lora, await attachHost(lora.tuned({ rank: 3, alpha }), w), target);
    assertGreater(norm(first.v!), norm(plain.v!));
  }
});

Deno.test("pissa: with the factors of the start it is a LoRA of rank 2r on W₀", async () => {
  const at = movedFrom(await attachHost(pissa.tuned({ rank: 3, alpha: 7 }), w));
  const start = at.memory!;
  const wide: Attached<Matrix> = {
    base: w,
    trained: {
      u: host.hstack([at.trained.u!, start.u!]),
      v: host.hstack([at.trained.v!, host.scale(-1, start.v!)]),
    },
    frozen: at.frozen,
  };
  assertLess(relativeError(merged(lora, wide), merged(pissa, at)), 1e-13);
});

Deno.test("factors of an increment are never multiplied out by the passes' hooks", async () => {
  const [m, n] = [40, 30];
  const large = gaussian(new Random(7), m, n);
  for (const name of ["lora", "rslora", "lora-plus", "dora", "pissa"]) {
    const adapter = choose(adapters, `${name}:rank=2`);
    const at = movedFrom(await attachHost(adapter, large));
    const { algebra, largest } = countingAlgebra(hostAlgebra());
    const t = tensorsOf(at);
    adapter.factors!(algebra, t);
    adapter.outputs?.(algebra, t);
    adapter.derive?.(algebra, at);
    assert(largest() < m * n / 4, `${name}: ${largest()}`);
  }
});
