/**
 * The command line: `deno task <command> …`.
 *
 * @module
 */

import { missingPermission, reasonOf, suggest } from "../core/mod.ts";
import { asksForHelp, help } from "./help.ts";
import { faultOfPlugin } from "./plugins.ts";
import { reasonOfLoss, textSink } from "./terminal/mod.ts";
import { typedFolder } from "./typed_folder.ts";
import { UsageError } from "./usage_error.ts";

type Command = (args: string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  demo: async (args) => (await import("./commands.ts")).train(["demo", ...args]),
  train: async (args) => (await import("./commands.ts")).train(args),
  sweep: async (args) => (await import("./commands.ts")).sweep(args),
  list: async (args) => (await import("./commands.ts")).list(args),
  check: async (args) => (await import("./check.ts")).check(args),
  doctor: async (args) => (await import("./doctor.ts")).doctor(args),
  generate: async (args) => (await import("./generate.ts")).generate(args),
  merge: async (args) => (await import("./merge.ts")).merge(args),
  changes: async (args) => (await import("./changes.ts")).changes(args),
  report: async (args) => (await import("./report.ts")).report(args),
  "setup:tensorflow": async (args) => (await import("./setup_tensorflow.ts")).setupTensorflow(args),
};

/** Commands whose `--help` may be about a recipe. */
const RECIPE_COMMANDS: ReadonlySet<string> = new Set(["demo", "train", "sweep"]);

/**
 * Runs one command. A mistake of the user ends as one line on standard error and exit code 1.
 *
 * @param args The command and its arguments.
 * @returns Exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const code = await run(args);
    const loss = reasonOfLoss();
    // Recipes leave files; other commands come to nothing but their text.
    if (loss === undefined || RECIPE_COMMANDS.has(args[0]!)) return code;
    throw new UsageError(`Cannot write standard output: ${loss}`);
  } catch (error) {
    const line = lineOf(error, args);
    if (line === undefined) throw error;
    textSink(Deno.stderr).write(`${line}\n`);
    return 1;
  }
}

/** What is said of an error; undefined for faults of the program, which keep their stack. */
function lineOf(error: unknown, args: readonly string[]): string | undefined {
  if (isUsersMistake(error)) return error.message;
  if (error instanceof Deno.errors.NotCapable) {
    return `Cannot run "${args.join(" ")}": ${reasonOf(error)}`;
  }
  return faultOfPlugin(error);
}

async function run([name, ...rest]: readonly string[]): Promise<number> {
  if (name === "help" || (name !== undefined && asksForHelp([name]))) return help();
  const command = commandOf(name);
  return asksForHelp(rest) && !RECIPE_COMMANDS.has(name!) ? help([name!]) : await command(rest);
}

function commandOf(name: string | undefined): Command {
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!;
  const known = Object.keys(COMMANDS);
  if (name === undefined) {
    throw new UsageError(`Cannot run nothing: name a command, known are ${known.join(", ")}`);
  }
  throw new UsageError(`Cannot run "${name}": ${suggest(name, known)}`);
}

/** Library errors say in one line what was wrong; faults of the program keep their stack. */
function isUsersMistake(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  // The engine's own "Cannot read properties of undefined" gives no reason after a colon.
  return error instanceof Error && /^(Cannot .*: |Training )/.test(error.message);
}

if (import.meta.main) {
  // What may not look at its surroundings was not started by a task.
  if (!missingPermission("env", "read")) Deno.chdir(typedFolder());
  Deno.exit(await main(Deno.args));
}
