import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describeOptions, type OptionSchema, parseOptions } from "../../tasks/options.ts";
import { UsageError } from "../../tasks/usage_error.ts";

const DEFAULTS = {
  rank: 16,
  learningRate: 1e-3,
  integrator: "augmented-bug",
  baseline: true,
  nesterov: false,
  widths: [500, 500] as readonly number[],
};
const SCHEMA: OptionSchema<typeof DEFAULTS> = {
  rank: { min: 1, integer: true, description: "start rank" },
  learningRate: { min: 0, max: 1 },
  integrator: { oneOf: ["augmented-bug", "parallel-bug"] },
  widths: { min: 1, integer: true },
};

function parse(...args: string[]): unknown {
  return parseOptions(args, DEFAULTS, SCHEMA);
}

Deno.test("parseOptions() returns the defaults when nothing is given, as a copy", () => {
  const options = parseOptions([], DEFAULTS);
  assertEquals(options, { ...DEFAULTS, widths: [500, 500] });
  options.widths.push(1);
  assertEquals(DEFAULTS.widths, [500, 500]);
});

Deno.test("parseOptions() reads every way to write an option", () => {
  const wanted = { ...DEFAULTS, rank: 8, learningRate: 0.5, baseline: false, nesterov: true };
  assertEquals(parse("--rank", "8", "--learning-rate=0.5", "--no-baseline", "--nesterov"), wanted);
  assertEquals(
    parse("--rank=8", "--learningRate", "5e-1", "--baseline", "false", "--nesterov=true"),
    wanted,
  );
});

Deno.test("parseOptions() reads lists, texts with = and negative numbers", () => {
  assertEquals(parseOptions(["--widths", "3, 4,5"], DEFAULTS).widths, [3, 4, 5]);
  assertEquals(parseOptions(["--integrator=a=b"], DEFAULTS).integrator, "a=b");
  assertEquals(parseOptions(["--integrator="], DEFAULTS).integrator, "");
  assertEquals(parseOptions(["--rank", "-3"], DEFAULTS).rank, -3);
});

Deno.test("parseOptions() reads back any number and any text", () => {
  fc.assert(fc.property(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    (rank, integrator) => {
      const options = parseOptions([`--rank=${rank}`, `--integrator=${integrator}`], DEFAULTS);
      assertEquals(options.rank === rank, true);
      assertEquals(options.integrator, integrator);
    },
  ));
});

Deno.test("parseOptions() keeps an option whose name begins with no", () => {
  assertEquals(parseOptions(["--no-ise", "0.5"], { noIse: 0.1, ise: true }).noIse, 0.5);
});

const REFUSED: readonly [args: string[], message: string][] = [
  [
    ["--learningrate", "1"],
    'Cannot read --learningrate: unknown option, did you mean "learning-rate"',
  ],
  [
    ["--zzzzzzzzzzzz"],
    "Cannot read --zzzzzzzzzzzz: unknown option, known are baseline, integrator",
  ],
  [["--no-rank"], "Cannot read --no-rank: unknown option"],
  [["rank"], 'Cannot read argument "rank": expected --key value'],
  [["-r", "1"], 'Cannot read argument "-r": expected --key value'],
  [["--"], 'Cannot read argument "--": expected --key value'],
  [["--rank"], "Cannot set --rank: expected a finite number, got nothing"],
  [["--rank", "--baseline"], "Cannot set --rank: expected a finite number, got nothing"],
  [["--rank", "many"], 'Cannot set --rank: expected a finite number, got "many"'],
  [["--rank", "Infinity"], 'Cannot set --rank: expected a finite number, got "Infinity"'],
  [["--rank="], 'Cannot set --rank: expected a finite number, got ""'],
  [["--rank", "0"], "Cannot set --rank: expected a whole number ≥ 1, got 0"],
  [["--rank", "1.5"], "Cannot set --rank: expected a whole number ≥ 1, got 1.5"],
  [["--learning-rate", "2"], "Cannot set --learning-rate: expected a number from 0 to 1, got 2"],
  [
    ["--widths", "5,,5"],
    'Cannot set --widths: expected finite numbers joined by commas, got "5,,5"',
  ],
  [["--widths", "5,0"], "Cannot set --widths: expected a whole number ≥ 1, got 0"],
  [["--baseline=maybe"], 'Cannot set --baseline: expected true or false, got "maybe"'],
  [
    ["--integrator", "paralel-bug"],
    'Cannot set --integrator to "paralel-bug": did you mean "parallel-bug"',
  ],
  [["--rank", "1", "--rank", "2"], "Cannot read --rank: it is given twice, drop one"],
];

for (const [args, message] of REFUSED) {
  Deno.test(`parseOptions() refuses ${args.join(" ")}`, () => {
    assertThrows(() => parse(...args), UsageError, message);
  });
}

Deno.test("describeOptions() tells explanation, limits and default", () => {
  assertEquals(describeOptions(DEFAULTS, SCHEMA), {
    rank: "start rank (a whole number ≥ 1; default 16)",
    "learning-rate": "a number from 0 to 1; default 0.001",
    integrator: "one of augmented-bug, parallel-bug; default augmented-bug",
    baseline: "default true",
    nesterov: "default false",
    widths: "a whole number ≥ 1; default 500,500",
  });
});
