import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { assemble, f64, FunctionBuilder, i32, unsigned, v128 } from "../../../core/wasm/mod.ts";

function instantiate(f: FunctionBuilder): (...args: number[]) => number {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(assemble({ f }));
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports.f as (...args: number[]) => number;
}

Deno.test("integer constants of any size arrive as they are", () => {
  const property = fc.property(fc.integer(), (value) => {
    const f = new FunctionBuilder();
    f.returns(i32.const(value));
    assertEquals(instantiate(f)(), value);
  });
  fc.assert(property, { seed: 1 });
});

Deno.test("constant() is set before everything else, once for each value", () => {
  const f = new FunctionBuilder();
  const n = f.parameter("i32");
  const sum = f.local("v128");
  f.while(n, () => {
    f.emit(sum.set(v128.add(sum, v128.add(f.constant(0.25), f.constant(-2)))));
    f.emit(n.set(i32.sub(n, i32.const(1))));
  });
  assertEquals(f.constant(0.25), f.constant(0.25));
  f.returns(v128.lane(v128.add(sum, f.constant(0.25)), 3));
  assertEquals(instantiate(f)(4), -6.75);
});

Deno.test("unsigned() writes seven bits a byte, low ones first", () => {
  assertEquals(unsigned(0), [0]);
  assertEquals(unsigned(127), [127]);
  assertEquals(unsigned(624485), [0xe5, 0x8e, 0x26]);
  assertEquals(unsigned(2 ** 32 - 1), [0xff, 0xff, 0xff, 0xff, 0x0f]);
});

Deno.test("while and if run what they say", () => {
  const f = new FunctionBuilder();
  const n = f.parameter("i32");
  const [i, odd, even] = [f.local("i32"), f.local("i32"), f.local("i32")];
  f.while(i32.ltU(i, n), () => {
    f.if(
      i32.and(i, i32.const(1)),
      () => f.emit(odd.set(i32.add(odd, i))),
      () => f.emit(even.set(i32.add(even, i))),
    );
    f.emit(i.set(i32.add(i, i32.const(1))));
  });
  f.returns(i32.sub(even, odd));
  assertEquals([0, 1, 2, 7].map((k) => instantiate(f)(k)), [0, 0, -1, 3]);
});

Deno.test("vector constants fill every lane", () => {
  const f = new FunctionBuilder();
  const x = f.local("v128", v128.promoteLow(v128.const(0.5)));
  f.returns(f64.add(v128.laneF64(x, 0), v128.laneF64(x, 1)));
  assertEquals(instantiate(f)(), 1);
});

Deno.test("a parameter after a local is refused", () => {
  const f = new FunctionBuilder();
  f.local("i32");
  assertThrows(() => f.parameter("i32"), Error, "Cannot add a parameter");
});
