import { parseArgs } from "@std/cli/parse-args";
import { assertEquals } from "@std/assert";

Deno.test("parseArgs() reads values after a space, after = and as flags", () => {
  const args = parseArgs(["--a", "1", "--b=x", "--c", "word", "--d"]);
  assertEquals(args, { a: 1, b: "x", c: "word", d: true, _: [] });
});

Deno.test("parseArgs() keeps declared strings as text and undeclared numbers as numbers", () => {
  const args = parseArgs(["--s", "007", "--n", "-5", "--m=-5", "0x10", "1e-3"], {
    string: ["s"],
  });
  assertEquals(args.s, "007");
  assertEquals(args["m"], -5);
  assertEquals(args["n"], true);
  assertEquals(args._, [16, 0.001]);
  assertEquals(args["5"], true);
});

Deno.test("parseArgs() gives booleans no value but true or false", () => {
  const args = parseArgs(["--quick", "mnist", "--loud", "false", "--plain=false"], {
    boolean: ["quick", "loud", "plain", "absent"],
  });
  const quick: boolean = args.quick;
  assertEquals([quick, args.loud, args.plain, args.absent], [true, false, false, false]);
  assertEquals(args._, ["mnist"]);
});

Deno.test("parseArgs() with boolean true takes every --name as a flag", () => {
  assertEquals(parseArgs(["--a", "b", "--c=d"], { boolean: true }), { a: true, c: "d", _: ["b"] });
});

Deno.test("parseArgs() negates only what is negatable", () => {
  const args = parseArgs(["--no-a", "--no-b"], { boolean: ["a"], negatable: ["a"] });
  assertEquals(args.a, false);
  assertEquals(args["no-b"], true);
});

Deno.test("parseArgs() collects repeated options and starts lists empty", () => {
  const args = parseArgs(["--p", "x", "--p=y"], { string: ["p", "q"], collect: ["p", "q"] });
  const p: string[] = args.p;
  assertEquals(p, ["x", "y"]);
  assertEquals(args.q, []);
});

Deno.test("parseArgs() takes the last of a repeated plain option", () => {
  assertEquals(parseArgs(["--p", "1", "--p", "2"]), { p: 2, _: [] });
});

Deno.test("parseArgs() sets aliases and fills defaults under every name", () => {
  const options = {
    alias: { help: "h", out: ["o", "dir"] },
    boolean: ["help"],
    string: ["out"],
    default: { out: "runs" },
  } as const;
  assertEquals(parseArgs(["-h"], options), {
    help: true,
    h: true,
    out: "runs",
    o: "runs",
    dir: "runs",
    _: [],
  });
  const out: string = parseArgs(["-o", "x"], options).out;
  assertEquals(out, "x");
});

Deno.test("parseArgs() reads short flags in groups and with joined values", () => {
  assertEquals(parseArgs(["-abc"]), { a: true, b: true, c: true, _: [] });
  assertEquals(parseArgs(["-n5", "-k=v", "-x", "y"]), { n: 5, k: "v", x: "y", _: [] });
});

Deno.test("parseArgs() leaves alone what follows the double dash", () => {
  assertEquals(parseArgs(["a", "--", "--b"]), { _: ["a", "--b"] });
  assertEquals(parseArgs(["a", "--", "--b"], { "--": true }), { _: ["a"], "--": ["--b"] });
});

Deno.test("parseArgs() asks about undeclared options and drops the refused", () => {
  const seen: unknown[] = [];
  const args = parseArgs(["--known", "v", "--rnak=3", "word"], {
    string: ["known"],
    unknown: (arg, key, value) => {
      seen.push([arg, key, value]);
      return false;
    },
  });
  assertEquals(seen, [["--rnak=3", "rnak", "3"], ["word", undefined, undefined]]);
  assertEquals(args, { known: "v", _: [] });
});

Deno.test("parseArgs() stops at the first word when told to", () => {
  const args = parseArgs(["--a=1", "train", "--b", "2"], { stopEarly: true });
  assertEquals(args, { a: 1, _: ["train", "--b", "2"] });
});

Deno.test("parseArgs() turns a string option without value into the empty text", () => {
  assertEquals(parseArgs(["--s"], { string: ["s"] }).s, "");
});
