import {
  type Engine,
  engineAlgebra,
  euler,
  type FieldAt,
  integrators,
  type LowRank,
  noTruncation,
  stepOde,
  type Tensor,
} from "../../core/mod.ts";
import { fixed, integers, type Workload, type WorkloadKind } from "./workload.ts";

/**
 * One step of an integrator from the same point each time, with one-stage sub-flows. The field
 * answers with stored matrices, at no cost: what is left is the integrator.
 */
export const integrate: WorkloadKind = {
  name: "integrate",
  usage: "integrate <integrator> rows columns rank",
  async create(engine, words): Promise<Workload> {
    const [m, n, rank] = integers(words.slice(1), 3, this.usage) as [number, number, number];
    const integrator = integrators.get(words[0]!);
    const algebra = engineAlgebra(engine);
    const y: LowRank<Tensor> = {
      u: engine.keep(await algebra.orthonormalize(fixed(engine, [m, rank], 1, 2))),
      // Singular values over two decades, as trained weights have them.
      s: engine.keep(algebra.diagonal(Array.from({ length: rank }, (_, i) => 100 ** (-i / rank)))),
      v: engine.keep(await algebra.orthonormalize(fixed(engine, [n, rank], 1, 3))),
    };
    const fields: FieldAt<Tensor>[] = [];
    const truncation = { rule: noTruncation, tolerance: 0, minRank: rank, maxRank: rank };
    return {
      async step(): Promise<void> {
        let asked = 0;
        const next = () => {
          const at = asked++;
          return fields[at] ??= storedField(engine, m, n, 1000 + at);
        };
        await engine.scope(async () =>
          void await stepOde(algebra, integrator, next, y, 0, 0.1, { stepper: euler, truncation })
        );
      },
    };
  },
};

/**
 * A field whose products are random matrices, made when their shape is first asked for. Fields of
 * different seeds are independent: directions that they add are not the same.
 */
function storedField(engine: Engine, m: number, n: number, seed: number): FieldAt<Tensor> {
  const known = new Map<string, Tensor>();
  const stored = (rows: number, cols: number): Tensor => {
    const key = `${rows}×${cols}`;
    let found = known.get(key);
    if (!found) known.set(key, found = fixed(engine, [rows, cols], 1 / Math.sqrt(rows), seed));
    return engine.clone(found);
  };
  return {
    times: (v) => stored(m, v.shape[1]!),
    adjointTimes: (u) => stored(n, u.shape[1]!),
    galerkin: (u, v) => stored(u.shape[1]!, v.shape[1]!),
  };
}
