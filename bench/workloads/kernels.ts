import type { Engine, Tensor } from "../../core/mod.ts";
import { fixed, integers, type Workload, type WorkloadKind } from "./workload.ts";

/** Repeats a synchronous operation; one number of the last result is read to empty queues. */
function repeat(engine: Engine, operation: () => Tensor, flops?: number): Workload {
  let last: Tensor | undefined;
  return {
    step(): void {
      last?.dispose();
      last = engine.keep(engine.tidy(operation));
    },
    async finish(): Promise<void> {
      if (last) await engine.read(engine.tidy(() => corner(engine, last!)));
    },
    ...(flops === undefined ? {} : { flops }),
  };
}

/** One number of a tensor: to read it takes no time beside the work. */
function corner(engine: Engine, x: Tensor): Tensor {
  if (x.shape.length === 0) return x;
  return engine.slice(x, x.shape.map(() => 0), x.shape.map(() => 1));
}

/** Matrix products in every transposition. */
export const product: WorkloadKind = {
  name: "product",
  usage: "product rows inner columns nn|tn|nt|tt",
  create(engine, words) {
    const [m, k, n] = integers(words, 3, this.usage) as [number, number, number];
    const form = words[3] ?? "nn";
    const options = { transposeLeft: form[0] === "t", transposeRight: form[1] === "t" };
    const a = fixed(engine, options.transposeLeft ? [k, m] : [m, k]);
    const b = fixed(engine, options.transposeRight ? [n, k] : [k, n], 1, 2);
    return repeat(engine, () => engine.matMul(a, b, options), 2 * m * k * n);
  },
};

/** Passes over whole tensors, by the name of the operation. */
export const elementwise: WorkloadKind = {
  name: "elementwise",
  usage: "elementwise rows columns relu|tanh|lincomb|add|norm",
  create(engine, words) {
    const [m, n] = integers(words, 2, this.usage) as [number, number];
    const x = fixed(engine, [m, n]);
    const y = fixed(engine, [m, n], 1, 2);
    const table: Record<string, () => Tensor> = {
      relu: () => engine.activate(x, "relu"),
      tanh: () => engine.activate(x, "tanh"),
      lincomb: () => engine.lincomb(0.9, x, 0.1, y),
      add: () => engine.add(x, y),
      norm: () => engine.norm(x),
    };
    const operation = table[words[2] ?? ""];
    if (!operation) throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
    return repeat(engine, operation);
  },
};

/** XᵀX with the size of X added to the diagonal: far from singular. */
function definite(engine: Engine, x: Tensor): Tensor {
  const n = x.shape[1]!;
  const gram = engine.matMul(x, x, { transposeLeft: true });
  const diagonal = new Float32Array(n * n);
  for (let i = 0; i < n; i++) diagonal[i * (n + 1)] = x.size;
  return engine.add(gram, engine.tensor(diagonal, [n, n]));
}

/** Factorisations as the integrators use them, through the engine's algebra. */
export const factorise: WorkloadKind = {
  name: "factorise",
  usage: "factorise orthonormalize|qr|svd|svds|inverse-factor rows columns",
  async create(engine, words) {
    const { engineAlgebra } = await import("../../core/mod.ts");
    const [m, n] = integers(words.slice(1), 2, this.usage) as [number, number];
    const algebra = engineAlgebra(engine);
    const x = fixed(engine, [m, n]);
    const gram = engine.keep(engine.tidy(() => definite(engine, x)));
    const operations: Record<string, () => Promise<unknown>> = {
      orthonormalize: () => algebra.orthonormalize(x),
      qr: async () => await algebra.qr(x),
      svd: async () => await algebra.svd(x),
      // As the layers of a network truncate: four at the same time.
      svds: () => Promise.all([1, 2, 3, 4].map(() => algebra.svd(x))),
    };
    operations["inverse-factor"] = () => Promise.resolve(algebra.inverseFactor?.(gram));
    const operation = operations[words[0] ?? ""];
    if (!operation) throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
    return {
      async step(): Promise<void> {
        await engine.scope(async () => void await operation());
      },
    };
  },
};
