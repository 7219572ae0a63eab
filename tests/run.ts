/**
 * `deno task test`: runs every gate and every test and counts them; the last line is
 * `N passed, N failed`, with `, N skipped` where something could not run here.
 *
 * Options: `--only fmt,lint,console,types,docs,publish,unit,examples,e2e` picks groups,
 * `--filter text` picks tests by name, `--shards n` sets the processes that share the unit tests,
 * `--jsr` runs the unit tests against the real jsr packages in place of the local links.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { suggest } from "../core/registry.ts";
import { type Configuration, withConfig } from "./runner/config.ts";
import { type Group, type GroupOptions, groups } from "./runner/groups.ts";
import type { TestCase } from "./runner/junit.ts";
import { closingLine, failureText, groupLine, skippedText, tally } from "./runner/tally.ts";

/** The groups that `--only` names; all without it. */
function choose(only: string | undefined): readonly Group[] {
  if (only === undefined) return groups;
  const known = groups.map((g) => g.name);
  return only.split(",").map((name) => {
    const group = groups.find((g) => g.name === name);
    if (!group) throw new RangeError(`Cannot find group "${name}": ${suggest(name, known)}`);
    return group;
  });
}

async function runAll(chosen: readonly Group[], options: GroupOptions): Promise<TestCase[]> {
  const cases: TestCase[] = [];
  for (const group of chosen) {
    const outcome = await group.run(options);
    console.log(groupLine(group.title, outcome));
    const failures = failureText(outcome.cases);
    if (failures) console.log(`\n${failures}`);
    cases.push(...outcome.cases);
  }
  return cases;
}

/** Calls `f` with the name of a configuration that is deno.json without its links. */
async function withoutLinks<T>(f: (config: string) => Promise<T>): Promise<T> {
  const change = ({ links: _links, ...config }: Configuration) => config;
  return await withConfig("deno.nolinks.json", change, f);
}

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, {
    string: ["only", "filter", "shards"],
    boolean: ["jsr"],
    unknown: (arg) => {
      const help = suggest(arg, ["--only", "--filter", "--shards", "--jsr"]);
      throw new RangeError(`Cannot read option "${arg}": ${help}`);
    },
  });
  const options: GroupOptions = {
    shards: Number(args.shards ?? Math.min(2, navigator.hardwareConcurrency)),
    ...(args.filter ? { filter: args.filter } : {}),
  };
  const cases = args.jsr
    ? await withoutLinks((config) => runAll(choose("unit"), { ...options, config }))
    : await runAll(choose(args.only), options);
  const skipped = skippedText(cases);
  if (skipped) console.log(`\nSkipped, by reason:\n${skipped}`);
  const counts = tally(cases);
  console.log(`\n${closingLine(counts)}`);
  return counts.failed > 0 || counts.passed === 0 ? 1 : 0;
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url));
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(error instanceof RangeError ? error.message : error);
    Deno.exit(1);
  }
}
