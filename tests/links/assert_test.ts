import * as a from "@std/assert";

/** Runs `f` and returns the message of the AssertionError it must throw. */
function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof a.AssertionError) return error.message;
    throw error;
  }
  throw new Error("the assertion held, which it must not");
}

const EQUAL: [unknown, unknown][] = [
  [1, 1],
  [NaN, NaN],
  [0, -0],
  [new Date(5), new Date(5)],
  [/a/g, /a/g],
  [new Set([1, { x: 2 }]), new Set([{ x: 2 }, 1])],
  [new Map([["a", [1]], ["b", [2]]]), new Map([["b", [2]], ["a", [1]]])],
  [new Float32Array([1, NaN]), new Float32Array([1, NaN])],
  [{ a: { b: [1, 2] } }, { a: { b: [1, 2] } }],
  [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
];

const UNEQUAL: [unknown, unknown][] = [
  [1, "1"],
  [1, 2],
  [null, undefined],
  [[1, 2], [2, 1]],
  [{ a: undefined }, {}],
  [{ a: undefined }, { b: undefined }],
  [new Float32Array([1]), new Float64Array([1])],
  [new Float32Array([1]), new Float32Array([1, 2])],
  [new Set([1]), new Set([2])],
  [new Map([["a", 1]]), new Map([["a", 2]])],
  [new Date(5), new Date(6)],
  [/a/g, /a/i],
  [new RangeError("x"), new TypeError("x")],
];

Deno.test("assertEquals() accepts equal structures and assertNotEquals() refuses them", () => {
  for (const [x, y] of EQUAL) {
    a.assertEquals(x, y);
    refusal(() => a.assertNotEquals(x, y));
  }
});

Deno.test("assertEquals() refuses what differs and assertNotEquals() accepts it", () => {
  for (const [x, y] of UNEQUAL) {
    refusal(() => a.assertEquals(x, y));
    a.assertNotEquals(x, y);
  }
});

Deno.test("assertEquals() ends on cyclic objects", () => {
  const ring = (label: string): unknown => {
    const o: Record<string, unknown> = { label };
    return o["self"] = o;
  };
  a.assertEquals(ring("x"), ring("x"));
  refusal(() => a.assertEquals(ring("x"), ring("y")));
});

Deno.test("assertEquals() shows the lines that differ and hides long agreement", () => {
  const list = Array.from({ length: 100 }, (_, i) => i);
  const message = refusal(() => a.assertEquals(list.with(50, -1), list, "the list"));
  a.assertStringIncludes(message, "Values are not equal: the list");
  a.assertStringIncludes(message, "-   -1,");
  a.assertStringIncludes(message, "+   50,");
  a.assertMatch(message, /… \d+ equal lines/);
  a.assertLess(message.split("\n").length, 30);
});

Deno.test("assertAlmostEquals() takes 1e-7 of the expected value as its default tolerance", () => {
  a.assertAlmostEquals(1e-8 * (1 + 0.9e-7), 1e-8);
  a.assertAlmostEquals(NaN, NaN);
  a.assertAlmostEquals(Infinity, Infinity);
  a.assertAlmostEquals(0.01, 0.02, 0.1);
  refusal(() => a.assertAlmostEquals(1e-8 * (1 + 1.1e-7), 1e-8));
  refusal(() => a.assertAlmostEquals(1e-9, 0));
  refusal(() => a.assertAlmostEquals(NaN, 1));
  refusal(() => a.assertAlmostEquals(1, NaN, 10));
  refusal(() => a.assertAlmostEquals(1, Infinity));
});

Deno.test("assertThrows() returns the error and checks class and message", () => {
  const raise = (): never => {
    throw new RangeError("too far");
  };
  a.assertStrictEquals(a.assertThrows(raise, RangeError, "far").message, "too far");
  a.assertThrows(raise, "any error will do");
  a.assertThrows(() => {
    // deno-lint-ignore no-throw-literal
    throw "text";
  });
  a.assertStringIncludes(refusal(() => a.assertThrows(raise, TypeError)), '"TypeError"');
  a.assertStringIncludes(refusal(() => a.assertThrows(raise, Error, "near")), '"too far"');
  refusal(() => a.assertThrows(() => 1));
  refusal(() =>
    a.assertThrows(() => {
      // deno-lint-ignore no-throw-literal
      throw "text";
    }, Error)
  );
});

Deno.test("assertRejects() wants a promise, not a throw, and checks class and message", async () => {
  const reject = (): Promise<never> => Promise.reject(new RangeError("too far"));
  a.assertStrictEquals((await a.assertRejects(reject, RangeError, "far")).message, "too far");
  const refused: [() => PromiseLike<unknown>, typeof TypeError | typeof Error, string?][] = [
    [reject, TypeError],
    [reject, Error, "near"],
    [() => Promise.resolve(1), Error],
    [() => {
      throw new Error("synchronous");
    }, Error],
  ];
  for (const [fn, ErrorClass, text] of refused) {
    await a.assertRejects(() => a.assertRejects(fn, ErrorClass, text), a.AssertionError);
  }
});

Deno.test("every other assertion holds where it should and refuses where it should", () => {
  const shared = {};
  const table: [() => void, () => void][] = [
    [() => a.assert(1), () => a.assert(0)],
    [() => a.assertFalse(""), () => a.assertFalse("x")],
    [() => a.assertExists(0), () => a.assertExists(undefined)],
    [() => a.assertStrictEquals(shared, shared), () => a.assertStrictEquals({}, {})],
    [() => a.assertStrictEquals(NaN, NaN), () => a.assertStrictEquals(0, -0)],
    [() => a.assertNotStrictEquals({}, {}), () => a.assertNotStrictEquals(1, 1)],
    [() => a.assertGreater(2, 1), () => a.assertGreater(1, 1)],
    [() => a.assertGreaterOrEqual(1, 1), () => a.assertGreaterOrEqual(NaN, 1)],
    [() => a.assertLess(1, 2), () => a.assertLess(NaN, 1)],
    [() => a.assertLessOrEqual(1, 1), () => a.assertLessOrEqual(2, 1)],
    [() => a.assertMatch("abc", /b/), () => a.assertMatch("abc", /d/)],
    [() => a.assertNotMatch("abc", /d/), () => a.assertNotMatch("abc", /b/)],
    [() => a.assertStringIncludes("abc", "b"), () => a.assertStringIncludes("abc", "d")],
    [() => a.assertArrayIncludes([[1], [2]], [[2]]), () => a.assertArrayIncludes([1], [1, 2])],
    [() => a.assertInstanceOf(new Date(), Date), () => a.assertInstanceOf({}, Date)],
    [() => a.assertNotInstanceOf({}, Date), () => a.assertNotInstanceOf(new Date(), Date)],
    [() => a.assertIsError(new Error("x"), Error, /x/), () => a.assertIsError("x")],
    [
      () => a.assertObjectMatch({ a: { b: 1, c: 2 }, d: 3 }, { a: { b: 1 } }),
      () => a.assertObjectMatch({ a: { b: 1 } }, { a: { b: 1, c: 2 } }),
    ],
  ];
  for (const [holds, fails] of table) {
    holds();
    refusal(fails);
  }
  a.assertStringIncludes(refusal(() => a.fail("reason")), "reason");
  a.assertStringIncludes(refusal(() => a.unreachable("reason")), "reason");
  a.assertStringIncludes(refusal(() => a.unimplemented("reason")), "reason");
});

Deno.test("assertions narrow types", () => {
  const value = [1, undefined][0];
  a.assertExists(value);
  const present: number = value;
  const error: unknown = new RangeError("x");
  a.assertInstanceOf(error, RangeError);
  const range: RangeError = error;
  a.assert(present === 1 && range.message === "x");
});
