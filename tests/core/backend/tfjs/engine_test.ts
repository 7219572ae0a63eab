import type * as TF from "@tensorflow/tfjs";
import { assert, assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import {
  backends,
  type Engine,
  type GradientPair,
  openEngine,
  type Tensor,
} from "../../../../core/backend/mod.ts";
import { gaussianTensor, repeatsExactly, unlessPresent } from "../../../support/backend_checks.ts";

const NAMES = ["cpu", "wasm", "blas"];

async function onEach(
  title: string,
  f: (e: Engine) => void | Promise<void>,
): Promise<void> {
  for (const name of NAMES) {
    Deno.test({
      ...await unlessPresent(backends.get(name), title),
      sanitizeResources: false,
      fn: async () => {
        const { engine } = await openEngine(name);
        const before = engine.memory().numTensors;
        await engine.scope(() => f(engine));
        assertEquals(engine.memory().numTensors, before, "tensors kept");
      },
    });
  }
}

/** One forward and backward pass through every fused operation and a parameter update. */
function step(e: Engine, p: Tensor[], x: Tensor, labels: Tensor): Tensor[] {
  const [w, b, u, s, v, c] = p as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const pairs: GradientPair[] = [];
  const { gradients } = e.gradients(() => {
    const h = e.linear(x, w, b, "softplus");
    const logits = e.lowRankLinear(h, { u, s, v }, c, "identity", (pair) => pairs.push(pair));
    return e.softmaxCrossEntropy(logits, labels);
  }, p);
  for (const pair of pairs) Object.values(pair).forEach((t) => t.dispose());
  return p.map((t, i) => {
    const squares = e.lincombSquare(0.9, gradients[i]!, 0.1, gradients[i]!);
    const c = { gamma: 1, alpha: 1e-3, delta: 1, epsilon: 1e-8 };
    return e.adaptiveStep(
      e.lincomb(1, t, -0.01, gradients[i]!),
      gradients[i]!,
      e.square(squares),
      c,
    );
  });
}

await onEach("a hundred steps keep no tensor", (e) => {
  const shapes = [[7, 9], [9], [9, 3], [3, 3], [5, 3], [5]];
  let p = shapes.map((shape, i) => gaussianTensor(e, shape, i));
  const x = gaussianTensor(e, [11, 7], 9);
  const labels = e.tensor(Int32Array.from({ length: 11 }, (_, i) => i % 5), [11]);
  let held: number | undefined;
  for (let i = 0; i < 100; i++) {
    const next = e.tidy(() => step(e, p, x, labels).map((t) => e.keep(t)));
    p.forEach((t) => t.dispose());
    p = next;
    held ??= e.memory().numTensors;
    assertEquals(e.memory().numTensors, held);
  }
  p.forEach((t) => t.dispose());
});

await onEach("a forward pass that throws keeps no tensor", (e) => {
  const [x, w] = [gaussianTensor(e, [4, 3], 1), gaussianTensor(e, [3, 2], 2)];
  const held = e.memory().numTensors;
  const f = () => {
    e.linear(e.square(x), w, null, "tanh");
    throw new Error("on purpose");
  };
  assertThrows(() => e.tidy(() => e.gradients(f, [w])), Error, "on purpose");
  assertEquals(e.memory().numTensors, held);
  // Differentiation works again afterwards.
  e.tidy(() => {
    e.gradients(() => e.sum(e.square(w)), [w]);
  });
  assertEquals(e.memory().numTensors, held);
});

await onEach("a gradient of what the value does not depend on is zero", async (e) => {
  const [x, y] = [gaussianTensor(e, [3], 1), gaussianTensor(e, [2, 2], 2)];
  const { gradients } = e.gradients(() => e.sum(x), [x, y]);
  assertEquals(await e.read(gradients[0]!), Float32Array.of(1, 1, 1));
  assertEquals(await e.read(gradients[1]!), new Float32Array(4));
});

await onEach("a step of an optimizer is not differentiable, and keeps no tensor", (e) => {
  const [x, y] = [gaussianTensor(e, [3], 1), e.fill([3], 2)];
  const held = e.memory().numTensors;
  const c = { gamma: 1, alpha: 1, delta: 1, epsilon: 0 };
  const steps = {
    AdaptiveStep: () => e.sum(e.adaptiveStep(x, x, y, c)),
    LincombSquare: () => e.sum(e.lincombSquare(1, y, 1, x)),
  };
  for (const [name, step] of Object.entries(steps)) {
    assertThrows(
      () => e.tidy(() => e.gradients(step, [x])),
      Error,
      `Cannot compute gradient: gradient function not found for Rankflow${name}`,
    );
    assertEquals(e.memory().numTensors, held);
  }
});

await onEach("a map used twice hands over a pair for each use", (e) => {
  const x = gaussianTensor(e, [4, 3], 1);
  const f = {
    u: gaussianTensor(e, [3, 2], 2),
    s: gaussianTensor(e, [2, 2], 3),
    v: gaussianTensor(e, [3, 2], 4),
  };
  const pairs: GradientPair[] = [];
  const map = (t: Tensor) => e.lowRankLinear(t, f, null, "tanh", (p) => pairs.push(p));
  e.gradients(() => e.sum(map(map(x))), [f.s]);
  assertEquals(pairs.length, 2);
  pairs.forEach((p) => Object.values(p).forEach((t) => t.dispose()));
});

await onEach("no pair is handed over where no derivative is asked for", (e) => {
  const f = {
    u: gaussianTensor(e, [3, 2], 2),
    s: gaussianTensor(e, [2, 2], 3),
    v: gaussianTensor(e, [3, 2], 4),
  };
  const w = gaussianTensor(e, [3], 5);
  let calls = 0;
  const x = gaussianTensor(e, [4, 3], 1);
  const map = () => e.lowRankLinear(x, f, null, "tanh", () => calls++);
  map();
  e.gradients(() => e.add(e.sum(map()), e.sum(w)), [w]);
  assertEquals(calls, 0);
});

await onEach("a pair outlives the scope of the backward pass", async (e) => {
  const x = gaussianTensor(e, [4, 3], 1);
  const f = {
    u: gaussianTensor(e, [3, 2], 2),
    s: gaussianTensor(e, [2, 2], 3),
    v: gaussianTensor(e, [3, 2], 4),
  };
  let pair: GradientPair | undefined;
  e.tidy(() => {
    const hidden = e.scale(2, x);
    e.gradients(() => e.sum(e.lowRankLinear(hidden, f, null, "relu", (p) => pair = p)), [f.s]);
  });
  assert(pair);
  const twice = (await e.read(x)).map((v) => 2 * v);
  assertEquals(await e.read(pair.x), twice);
  Object.values(pair).forEach((t) => t.dispose());
});

await onEach("a second derivative is refused, not wrong", (e) => {
  const [x, w] = [gaussianTensor(e, [4, 3], 1), gaussianTensor(e, [3, 2], 2)];
  const inner = () => e.gradients(() => e.sum(e.linear(x, w, null, "tanh")), [w]).gradients[0]!;
  assertThrows(
    () => e.gradients(() => e.sum(inner()), [w]),
    Error,
    "second derivatives are not there",
  );
});

await onEach("clones, kept tensors and results outlive their scope", async (e) => {
  const x = e.tensor(Float32Array.of(1, 2), [2]);
  const result = await e.scope(async () => {
    await Promise.resolve();
    e.square(x);
    return { list: [e.scale(3, x)], copy: e.clone(x), other: e.keep(e.sqrt(x)) };
  });
  x.dispose();
  assertEquals(await e.read(result.copy), Float32Array.of(1, 2));
  assertEquals(await e.read(result.list[0]!), Float32Array.of(3, 6));
  result.other.dispose();
});

await onEach("tensor() copies its data, read() gives a copy", async (e) => {
  const data = Float32Array.of(1, 2);
  const x = e.tensor(data, [2]);
  data[0] = 9;
  const first = await e.read(x);
  assertEquals(first, Float32Array.of(1, 2));
  first[1] = 9;
  assertEquals(await e.read(x), Float32Array.of(1, 2));
  assertEquals(await e.read(e.tensor(Int32Array.of(3), [1])), Int32Array.of(3));
});

await onEach("operations refuse shapes that do not fit, by name and figure", (e) => {
  const [a, b] = [e.zeros([2, 3]), e.zeros([2, 4])];
  const one = e.zeros([3]);
  const labels = (n: number) => e.tensor(new Int32Array(n), [n]);
  const refuse = (f: () => unknown, message: string) => assertThrows(f, RangeError, message);
  refuse(() => e.tensor(new Float32Array(5), [2, 3]), "expected 6 values, got 5");
  refuse(() => e.matMul(a, b), "Cannot multiply [2,3] by [2,4]");
  refuse(() => e.matMul(a, one), "expected matrices with equal inner extents");
  refuse(() => e.lincomb(1, a, 1, b), "expected [2,3], got [2,4]");
  refuse(() => e.lincombSquare(1, a, 1, b), "expected [2,3], got [2,4]");
  refuse(() => e.linear(a, b, null, "relu"), "Cannot apply a linear map");
  refuse(() => e.linear(a, e.zeros([3, 2]), one, "relu"), "Cannot apply a linear map");
  const f = { u: e.zeros([3, 2]), s: e.zeros([2, 2]), v: e.zeros([5, 3]) };
  refuse(() => e.lowRankLinear(a, f, null, "relu"), "expected factors in×r, r×q, out×q");
  refuse(
    () => e.softmaxCrossEntropy(a, e.zeros([3])),
    "expected [batch, classes] and int32 [batch]",
  );
  refuse(() => e.softmaxCrossEntropy(e.zeros([0, 2]), labels(0)), "one row and two classes");
  refuse(() => e.softmaxCrossEntropy(e.zeros([3, 1]), labels(3)), "one row and two classes");
  refuse(() => e.batchNorm(e.zeros([0, 3]), one, one, 1e-3, "relu"), "one entry at least");
  refuse(() => e.standardise(e.zeros([0, 3]), [0], 1e-3), "one entry at least");
  refuse(() => e.globalAveragePool(e.zeros([1, 0, 2, 3])), "one entry at least");
  refuse(() => e.zeros([1.5, 2]), "Cannot make a tensor: expected its extents to be an integer");
  refuse(() => e.slice(a, [0, 1], [2, 3]), "Cannot cut a block out of [2,3]");
  refuse(() => e.slice(a, [0, 0], [2, 1.5]), "got [2,1.5] from [0,0] on");
  refuse(() => e.slice(a, [0], [2]), "expected whole numbers within these extents");
  refuse(() => e.gradients(() => a, [a]), "expected a scalar");
  const whole = labels(3);
  for (const f of [() => e.scale(2, whole), () => e.norm(whole), () => e.activate(whole, "relu")]) {
    assertThrows(f, TypeError, "Cannot compute with int32 numbers: expected float32");
  }
});

/** Tensors of a chain of residual sums where its backward pass ends, beyond those of its forward pass. */
function heldAtTheEnd(e: Engine, links: number): number {
  let [forward, backward] = [0, 0];
  const [x, u, s, v] = [[6, 4], [4, 2], [2, 2], [4, 2]].map((shape) => e.fill(shape, 0.5)) as [
    ...[Tensor, Tensor, Tensor, Tensor],
  ];
  const capture = (pair: GradientPair) => {
    backward = e.memory().numTensors;
    for (const t of new Set(Object.values(pair) as Tensor[])) t.dispose();
  };
  e.gradients(() => {
    let y = e.lowRankLinear(x, { u, s, v }, null, "identity", capture);
    for (let i = 0; i < links; i++) {
      const heads = e.permute(e.reshape(y, [2, 3, 2, 2]), [0, 2, 1, 3]);
      y = e.add(e.mul(e.reshape(heads, [6, 4]), x), e.sub(x, y));
    }
    const value = e.sum(y);
    forward = e.memory().numTensors;
    return value;
  }, [s]);
  return backward - forward;
}

await onEach("a backward pass frees the gradients of sums, reshapes and moved axes", (e) => {
  const [short, long] = [3, 30].map((links) => e.tidy(() => heldAtTheEnd(e, links)));
  // What the forward pass had saved goes, and no gradient stays for it.
  assertLessOrEqual(long!, short!);
});

await onEach("operations on sequences refuse what does not fit", (e) => {
  const refuse = (f: () => unknown, message: string) => assertThrows(f, RangeError, message);
  const [x, table] = [e.zeros([2, 3, 4]), e.zeros([3, 2])];
  refuse(() => e.batchMatMul(x, x), "Cannot multiply batches [2,3,4] by [2,3,4]: expected equal");
  refuse(() => e.batchMatMul(x, e.zeros([3, 4, 5])), "leading extents that are equal or 1");
  refuse(() => e.batchMatMul(table, e.zeros([2, 3])), "equal ranks of at least 3");
  refuse(() => e.permute(x, [0, 1]), "expected each of 0 to 2 once, got [0,1]");
  refuse(() => e.permute(x, [0, 1, 1]), "expected each of 0 to 2 once, got [0,1,1]");
  refuse(() => e.gather(table, e.zeros([2])), "expected a table V×d and int32 numbers");
  refuse(() => e.gather(x, e.tensor(Int32Array.of(1), [1])), "got [2,3,4] and int32 [1]");
  refuse(() => e.gelu(x, "erf" as "exact"), 'form "erf": expected "exact" or "tanh"');
  refuse(() => e.layerNorm(x, e.zeros([3]), null, 1e-5), "expected a vector of 4 entries");
  refuse(() => e.layerNorm(x, null, e.zeros([4, 1]), 1e-5), "got [4,1]");
  refuse(() => e.rmsNorm(x, null, -1), "expected epsilon to be a number ≥ 0, got -1");
  refuse(() => e.rmsNorm(e.zeros([0, 3]), null, 1e-5), "one entry at least");
  refuse(() => e.rotary(x, table, e.zeros([3, 1]), "half-split"), "tables T×(e/2)");
  refuse(() => e.rotary(x, table, table, "halves" as "interleaved"), 'pairs "halves"');
  const [q, k] = [e.zeros([1, 4, 5, 2]), e.zeros([1, 3, 6, 2])];
  refuse(() => e.attention(q, k, k, { scale: 1 }), "with h a multiple of g, got [1,4,5,2], [1,3");
  refuse(() => e.attention(q, q, q, { scale: NaN }), "expected the scale to be a finite number");
  const mask = e.zeros([1, 4]);
  refuse(() => e.attention(q, q, q, { scale: 1, mask }), "expected a mask B×Tk of [1,5]");
  const bias = e.zeros([3, 1, 1]);
  refuse(() => e.attention(q, q, q, { scale: 1, bias }), "broadcasts to [1,4,5,5], got [3,1,1]");
});

for (const name of ["cpu", "wasm", "blas"]) {
  Deno.test({
    ...await unlessPresent(backends.get(name), "rows that a table does not have are refused"),
    sanitizeResources: false,
    fn: async () => {
      const { engine: e } = await openEngine(name);
      e.tidy(() => {
        for (const id of [-1, 3, 2 ** 30]) {
          assertThrows(
            () => e.gather(e.zeros([3, 2]), e.tensor(Int32Array.of(0, id), [1, 2])),
            RangeError,
            `Cannot gather row ${id}: expected a number of 0 to 2`,
          );
        }
      });
    },
  });
}

for (const name of ["cpu", "wasm", "blas"]) {
  Deno.test({
    ...await unlessPresent(backends.get(name), "labels beyond the classes are refused"),
    sanitizeResources: false,
    fn: async () => {
      const { engine: e } = await openEngine(name);
      e.tidy(() => {
        for (const label of [-1, 3, 2 ** 30]) {
          assertThrows(
            () => e.softmaxCrossEntropy(e.zeros([1, 3]), e.tensor(Int32Array.of(label), [1])),
            RangeError,
            `Cannot compare with label ${label}: expected a class of 0 to 2`,
          );
        }
      });
    },
  });
}

for (const name of ["wasm", "blas"]) {
  Deno.test({
    ...await unlessPresent(backends.get(name), "kernels of floats refuse integers"),
    sanitizeResources: false,
    fn: async () => {
      const { engine: e } = await openEngine(name);
      const tf = e.native as typeof TF;
      e.tidy(() => {
        const x = tf.ones([1, 4, 4, 2], "int32") as TF.Tensor4D;
        const ids = tf.tensor1d([0, 0, 1, 1], "int32");
        for (
          const f of [
            () => tf.maxPool(x, 2, 2, "valid"),
            () => tf.unsortedSegmentSum(tf.reshape(x, [4, 8]), ids, 2),
            () => tf.matMul(tf.reshape(x, [4, 8]), tf.reshape(x, [8, 4])),
          ]
        ) {
          assertThrows(f, TypeError, "Cannot compute with int32 numbers: expected float32");
        }
        // What is about no numbers takes any.
        assertEquals(tf.clone(x).dtype, "int32");
      });
    },
  });
}

for (const name of NAMES) {
  Deno.test({
    ...await unlessPresent(backends.get(name), "training repeats bit for bit"),
    sanitizeResources: false,
    fn: async () => assert(await repeatsExactly(name)),
  });
}

Deno.test("scopes that are interleaved are refused", async () => {
  const { engine: e } = await openEngine("cpu");
  let finish: (() => void) | undefined;
  const outer = e.scope(() => new Promise<void>((resolve) => finish = resolve));
  let finishInner: (() => void) | undefined;
  const inner = e.scope(() => new Promise<void>((resolve) => finishInner = resolve));
  finish!();
  await assertRejects(() => outer, Error, "expected the innermost one");
  finishInner!();
  await inner;
  // Ends the scope that could not be ended in its turn.
  (e.native as { engine(): { endScope(): void } }).engine().endScope();
});
