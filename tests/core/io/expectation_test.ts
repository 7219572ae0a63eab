import { assertEquals, assertThrows } from "@std/assert";
import {
  aBase64,
  aBoolean,
  aCount,
  aNumber,
  anything,
  aRecord,
  arrayOf,
  aText,
  byName,
  checked,
  type Expectation,
  oneOf,
  optional,
  orNull,
  someOf,
  threeOf,
} from "../../../core/io/expectation.ts";

interface Line {
  readonly step: number;
  readonly note?: string;
  readonly order: number | null;
  readonly ranks: Readonly<Record<string, number>>;
  readonly size: readonly [number, number, number];
  readonly some: readonly number[];
  readonly image: string;
  readonly choice: "a" | "b";
  readonly done: boolean;
  readonly data: Float32Array;
  readonly more: unknown;
}

const line: Expectation<Line> = aRecord<Line>({
  step: aCount,
  note: optional(aText),
  order: orNull(aNumber),
  ranks: byName(aNumber),
  size: threeOf(aNumber),
  some: someOf(aNumber),
  image: aBase64,
  choice: oneOf("a", "b"),
  done: aBoolean,
  data: arrayOf(Float32Array),
  more: anything,
});

const GOOD: Line = {
  step: 3,
  order: null,
  ranks: { w: NaN },
  size: [1, 2, 3],
  some: [1],
  image: btoa("abcd"),
  choice: "b",
  done: false,
  data: new Float32Array(1),
  more: undefined,
};

Deno.test("checked() lets a value pass as it is, with fields that nobody expects", () => {
  const value = { ...GOOD, note: "x", other: [] };
  assertEquals(checked(line, value, "f") === value as Line, true);
});

const FAULTS: readonly [change: Record<string, unknown>, message: string][] = [
  [{ step: 1.5 }, 'expected a whole number ≥ 0 "step", got 1.5'],
  [{ step: -1 }, 'expected a whole number ≥ 0 "step", got -1'],
  [{ step: undefined }, 'expected a whole number ≥ 0 "step", got undefined'],
  [{ note: null }, 'expected a text "note", got null'],
  [{ order: "x" }, 'expected a number "order", got "x"'],
  [{ ranks: [] }, 'expected a record "ranks", got []'],
  [{ ranks: { w: 1, v: null } }, 'expected a number "ranks.v", got null'],
  [{ size: [1] }, 'expected a list of 3 "size", got [1]'],
  [{ size: [1, "2", 3] }, 'expected a number "size.1", got "2"'],
  [{ size: { length: 3 } }, 'expected a list of 3 "size", got {"length":3}'],
  [{ some: [] }, 'expected a list with entries "some", got []'],
  [{ some: [[1]] }, 'expected a number "some.0", got [1]'],
  [{ image: "YQ" }, 'expected base-64 text "image", got "YQ"'],
  [{ image: "Y§==" }, 'expected base-64 text "image", got "Y§=="'],
  [{ choice: "c" }, 'expected one of a, b "choice", got "c"'],
  [{ done: 0 }, 'expected true or false "done", got 0'],
  [{ data: new Float64Array(1) }, 'expected a Float32Array "data", got {"0":0}'],
];

for (const [change, message] of FAULTS) {
  Deno.test(`checked() says: ${message}`, () => {
    const error = assertThrows(() => checked(line, { ...GOOD, ...change }, "a/f.json"), Error);
    assertEquals(error.message, `Cannot read a/f.json: ${message}`);
  });
}

Deno.test("checked() names the source alone where the whole value is wrong", () => {
  for (const [value, got] of [[null, "null"], [[1], "[1]"], ["x", '"x"']] as const) {
    const error = assertThrows(() => checked(line, value, "f"), Error);
    assertEquals(error.message, `Cannot read f: expected a record, got ${got}`);
  }
});
