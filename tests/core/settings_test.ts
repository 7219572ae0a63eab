import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkedSettings,
  type Configurable,
  describeLimits,
  describeSettings,
  formatChoice,
  parseChoice,
  Registry,
  type Settings,
  settingsUnder,
  splitChoices,
  withinLimits,
} from "../../core/mod.ts";

interface Filter extends Configurable {
  readonly kind: "filter";
}

function filters(): Registry<Filter> {
  const table = new Registry<Filter>("filter");
  table.add({
    kind: "filter",
    name: "mean",
    description: "running mean",
    defaults: { width: 3, weight: 0.5, closed: false },
    limits: {
      width: { min: 1, integer: true, description: "points" },
      weight: { min: 0, below: 1 },
    },
  });
  table.add({
    kind: "filter",
    name: "twice",
    description: "a filter, twice",
    defaults: { base: "mean", order: "forward", gain: 1 },
    limits: { order: { oneOf: ["forward", "backward"] } },
  });
  return table;
}

Deno.test("parseChoice() reads a name and settings by the types of their defaults", () => {
  const table = filters();
  const read = (text: string) => {
    const { plugin, settings } = parseChoice(table, text);
    return [plugin.name, settings];
  };
  assertEquals(read("mean"), ["mean", {}]);
  assertEquals(read("mean:width=5"), ["mean", { width: 5 }]);
  assertEquals(read("mean:weight=1e-3,closed=true"), ["mean", { weight: 1e-3, closed: true }]);
  assertEquals(read("twice: order = backward , gain=-2"), ["twice", {
    order: "backward",
    gain: -2,
  }]);
});

Deno.test("parseChoice() reads the settings of a plugin that another one names", () => {
  const table = filters();
  const inner = { base: "twice", "base.gain": 2, "base.base.width": 7 };
  assertEquals(parseChoice(table, "twice:base.width=7").settings, { "base.width": 7 });
  const text = "twice:base=twice,base.gain=2,base.base.width=7";
  assertEquals(parseChoice(table, text).settings, inner);
  assertEquals(settingsUnder("base", inner), { gain: 2, "base.width": 7 });
});

Deno.test("formatChoice() writes what parseChoice() reads", () => {
  const table = filters();
  for (const text of ["mean", "mean:width=5,closed=true", "twice:base=mean,base.weight=0.25"]) {
    assertEquals(formatChoice(parseChoice(table, text)), text);
  }
});

Deno.test("splitChoices() parts choices and keeps each whole", () => {
  assertEquals(splitChoices("a"), ["a"]);
  assertEquals(splitChoices("a,b"), ["a", "b"]);
  assertEquals(splitChoices("a:x=1,y=2,b,c:base.z=3,w=x"), ["a:x=1,y=2", "b", "c:base.z=3,w=x"]);
});

const REFUSED: readonly [text: string, message: string][] = [
  ["men", 'Cannot find filter "men": did you mean "mean"'],
  ["", 'Cannot find filter "": known are mean, twice'],
  ["mean:widht=3", 'Cannot set "widht" of filter "mean": did you mean "width" or "weight"'],
  [
    "mean:colour=3",
    'Cannot set "colour" of filter "mean": known are closed, weight, width',
  ],
  [
    "twice:quality=3",
    'Cannot set "quality" of filter "twice": known are base, base.closed, base.weight, ' +
    "base.width, gain, order",
  ],
  ["mean:width=wide", 'Cannot set "width" of filter "mean": expected a number, got "wide"'],
  ["mean:width=", 'Cannot set "width" of filter "mean": expected a number, got ""'],
  ["mean:width=0", 'Cannot set "width" of filter "mean": expected a whole number ≥ 1, got 0'],
  ["mean:width=1.5", 'Cannot set "width" of filter "mean": expected a whole number ≥ 1, got 1.5'],
  ["mean:weight=1", 'Cannot set "weight" of filter "mean": expected a number ≥ 0 and < 1, got 1'],
  ["mean:closed=yes", 'Cannot set "closed" of filter "mean": expected true or false, got "yes"'],
  [
    "twice:gain=Infinity",
    'Cannot set "gain" of filter "twice": expected a finite number, got Infinity',
  ],
  [
    "twice:order=up",
    'Cannot set "order" of filter "twice": expected one of forward, backward, got "up"',
  ],
  ["twice:base.width=0", 'Cannot set "width" of filter "mean": expected a whole number ≥ 1, got 0'],
  ["twice:base=men,base.width=2", 'Cannot find filter "men": did you mean "mean"'],
  [
    "mean:width",
    'Cannot read filter "mean:width": expected name:key=value,key=value with each key once, ' +
    'got "width"',
  ],
  [
    "mean:width=1,width=2",
    'Cannot read filter "mean:width=1,width=2": expected name:key=value,key=value with each key ' +
    'once, got "width=2"',
  ],
  [
    "mean:",
    'Cannot read filter "mean:": expected name:key=value,key=value with each key once, got ""',
  ],
];

for (const [text, message] of REFUSED) {
  Deno.test(`parseChoice() refuses "${text}"`, () => {
    const error = assertThrows(() => parseChoice(filters(), text), Error);
    assert(error instanceof RangeError || error instanceof TypeError);
    assertEquals(error.message, message);
  });
}

Deno.test("checkedSettings() completes what is given, and takes the types of the defaults", () => {
  const table = filters();
  const mean = table.get("mean");
  const defaults = { width: 3, weight: 0.5, closed: false };
  assertEquals(checkedSettings(table, mean), defaults);
  assertEquals(checkedSettings(table, mean, { width: 4 }), { ...defaults, width: 4 });
  const wrong: Settings = { closed: 1 };
  const error = assertThrows(() => checkedSettings(table, mean, wrong), TypeError);
  assertEquals(
    error.message,
    'Cannot set "closed" of filter "mean": expected true or false, got 1',
  );
});

Deno.test("describeSettings() tells explanation, limits and default of each", () => {
  assertEquals(describeSettings(filters().get("mean")), {
    width: "points (a whole number ≥ 1; default 3)",
    weight: "a number ≥ 0 and < 1; default 0.5",
    closed: "default false",
  });
});

Deno.test("describeLimits() and withinLimits() agree on bounds", () => {
  assertEquals(describeLimits({}), "");
  assertEquals(describeLimits({ max: 2 }), "a number ≤ 2");
  assertEquals(describeLimits({ min: 0, max: 2 }), "a number from 0 to 2");
  assertEquals(describeLimits({ integer: true }), "a whole number");
  assertEquals([0, 1, 2, 2.5].map((x) => withinLimits(x, { min: 1, max: 2 })), [
    ...[false, true, true, false],
  ]);
  assertEquals([0, 0.9, 1].map((x) => withinLimits(x, { below: 1 })), [true, true, false]);
  assertEquals([NaN, Infinity].map((x) => withinLimits(x, {})), [false, false]);
});
