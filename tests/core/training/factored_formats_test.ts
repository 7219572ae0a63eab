/** The naive factorisations: every factor moves along its own gradient, at once. */

import { assertEquals, assertLess } from "@std/assert";
import {
  compressStates,
  currentPoints,
  denseNetwork,
  initialStates,
  type Layer,
  representationOf,
  type Tensor,
} from "../../../core/mod.ts";
import { linear } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { imageBatch, KERNEL, kernelNet, withStates } from "../../support/kernels.ts";
import { evaluateAt, methodOf, randomBatch, stepOn } from "../../support/training.ts";

const RATE = 0.01;
const STEP = 1e-2;

/** The factors of each baseline. */
const FACTORS: Readonly<Record<string, readonly string[]>> = {
  "factored-low-rank": ["u", "v"],
  "factored-tucker": ["kernel", "in", "out"],
};

for (const backend of cpuBackends) {
  for (const [format, factors] of Object.entries(FACTORS)) {
    for (const kind of ["kernel", "kernel of few pixels", "matrix"]) {
      Deno.test({
        ...await onBackend(backend, `${format} moves a ${kind}'s factors along their gradients`),
        fn: async () => {
          const method = await methodOf({ backend });
          const { engine } = method;
          const isKernel = kind !== "matrix";
          const declared: Layer = isKernel
            ? kernelNet({ inputs: 5, outputs: 6, size: [3, 2], format, rank: 2 }, [4, 5])
            : linear({ name: "a", inputs: 7, outputs: 5, format, rank: 2 });
          // With hardly any pixels it runs as a chain, with many as a whole kernel.
          const pixels = kind === "kernel" ? [1e4, 1e4] as const : [1e-3, 1e-3] as const;
          const network = {
            ...declared,
            weights: declared.weights.map((w) => w.shape.length === 4 ? { ...w, pixels } : w),
          };
          const name = isKernel ? KERNEL : "a.weight";
          const left = await withStates(method, network, async (states) => {
            const batch = isKernel
              ? imageBatch(method, [5, 4, 5, 5])
              : randomBatch(engine, 8, 7, 5);
            const { states: next } = await stepOn(method, network, states, batch, {
              rate: RATE,
            });
            const loss = async (factor: string, value: Tensor): Promise<number> => {
              const moved = { ...states, [name]: { ...states[name]!, [factor]: value } };
              const twin = denseNetwork(network);
              const dense = (await compressStates(method, twin, moved)).states;
              const out = await evaluateAt(engine, twin, currentPoints(twin, dense), batch);
              out.dispose();
              return out.loss;
            };
            for (const factor of factors) {
              const [before, after] = [states, next].map((s) => s[name]![factor] as Tensor);
              // (after − before) / rate is minus the gradient: compare the slope along it.
              const step = engine.lincomb(1 / RATE, after!, -1 / RATE, before!);
              const square = (await engine.read(engine.norm(step)))[0]! ** 2;
              const h = STEP / Math.sqrt(square);
              const at = (t: number) => loss(factor, engine.lincomb(1, before!, t, step));
              const slope = (await at(h) - await at(-h)) / (2 * h);
              assertLess(Math.abs(slope + square) / square, 0.01, `${factor}: ${slope}, ${square}`);
            }
          });
          assertEquals(left, 0);
        },
      });
    }
  }
}

for (const format of Object.keys(FACTORS)) {
  Deno.test({
    ...await onBackend("cpu", `${format} keeps its ranks and trains with moments`),
    fn: async () => {
      const method = await methodOf({ rule: adam.create() });
      const network = kernelNet({ inputs: 5, outputs: 6, size: 3, format, rank: 2 }, [4, 5]);
      const left = await withStates(method, network, async (start) => {
        const batch = imageBatch(method, [5, 4, 5, 5]);
        const plugin = representationOf({ format });
        const rank = plugin.rank(start[KERNEL]!);
        let states = start;
        const losses: number[] = [];
        for (let i = 0; i < 20; i++) {
          const next = await stepOn(method, network, states, batch, { rate: 0.01 });
          states = next.states;
          losses.push(next.loss);
          assertEquals(next.evaluations, 1);
        }
        assertEquals(plugin.rank(states[KERNEL]!), rank);
        assertLess(losses.at(-1)!, 0.7 * losses[0]!, `${losses}`);
        assertEquals(
          Object.keys(states[KERNEL]!.moments as object).sort(),
          [...FACTORS[format]!].sort(),
        );
      });
      assertEquals(left, 0);
    },
  });

  Deno.test({
    ...await onBackend("cpu", `${format} starts where the manifold's format does`),
    fn: async () => {
      const method = await methodOf();
      const options = { inputs: 5, outputs: 6, size: 3, rank: 2 };
      await method.engine.scope(async () => {
        const norms: number[] = [];
        for (const f of [format, format.replace("factored-", "")]) {
          const network = kernelNet({ ...options, format: f }, [4, 5]);
          const states = await initialStates(method, network, 1);
          const plugin = representationOf({ format: f });
          const w = plugin.toDense!(method, network.weights[0]!, states[KERNEL]!);
          norms.push(...await method.engine.read(w));
        }
        const half = norms.length / 2;
        const error = Math.max(
          ...norms.slice(0, half).map((x, i) => Math.abs(x - norms[half + i]!)),
        );
        assertLess(error, 1e-6);
      });
    },
  });
}
