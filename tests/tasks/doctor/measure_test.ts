import { assert, assertEquals } from "@std/assert";
import { type Engine, type MatMulOptions, openEngine } from "../../../core/backend/mod.ts";
import { measureProducts } from "../../../tasks/doctor/measure.ts";

Deno.test("measureProducts() times all four transposed forms and frees its tensors", async () => {
  const { engine } = await openEngine("cpu");
  const before = engine.memory().numTensors;
  const seen = new Set<string>();
  const watched = new Proxy(engine, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (key !== "matMul") return typeof value === "function" ? value.bind(target) : value;
      return (a: never, b: never, o: MatMulOptions) => {
        seen.add(`${o.transposeLeft} ${o.transposeRight}`);
        return target.matMul(a, b, o);
      };
    },
  }) as Engine;
  const rates = await measureProducts(watched, { size: 24, budget: 2 });
  assertEquals([...seen].sort(), ["false false", "false true", "true false", "true true"]);
  assert(Object.values(rates).every((rate) => Number.isFinite(rate) && rate > 0));
  assertEquals(engine.memory().numTensors, before);
});

Deno.test("measureProducts() sees that a slow backend is slow", async () => {
  const { engine } = await openEngine("cpu");
  const slowed = new Proxy(engine, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (key !== "matMul") return typeof value === "function" ? value.bind(target) : value;
      return (a: never, b: never, o: MatMulOptions) => {
        const end = performance.now() + 10;
        while (performance.now() < end);
        return target.matMul(a, b, o);
      };
    },
  }) as Engine;
  const { plain } = await measureProducts(slowed, { size: 8, budget: 30 });
  // 2·8³ operations in 10 ms or more.
  assert(plain <= 2e-6 * 8 ** 3 / 10, String(plain));
});
