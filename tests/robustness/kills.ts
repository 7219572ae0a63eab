/** Killing a run at random moments: what is there stays readable, and it goes on as if never killed. */

import { join } from "node:path";
import type { Random } from "../../core/random.ts";
import { Counter, type Tally } from "./tally.ts";
import { disturbed, ended, type Reference, startOrResume, stepsSaved, traceOf } from "./trial.ts";

/** What a check is given. */
export interface Conditions {
  /** A folder of its own. */
  readonly folder: string;
  /** How often. */
  readonly count: number;
  /** Draws the moments. */
  readonly random: Random;
  /** What an undisturbed run leaves. */
  readonly undisturbed: Reference;
}

/** `kill -9` at random moments after the start of a process, which goes on where the last was. */
export async function kills({ folder, count, random, undisturbed }: Conditions): Promise<Tally> {
  const counter = new Counter();
  let runs = 0;
  let out = join(folder, `kills-${runs}`);
  for (let killed = 0; killed < count && !counter.hopeless;) {
    const before = await stepsSaved(out) ?? 0;
    const { code, signal, text } = await disturbed(out, "SIGKILL", random, undisturbed);
    if (signal === null) {
      await finished(counter, out, code, text, undisturbed);
      out = join(folder, `kills-${++runs}`);
      continue;
    }
    killed++;
    const steps = await stepsSaved(out);
    counter.add(momentOf(out, steps));
    counter.expect((steps ?? 0) >= before, `${out}: ${steps} steps saved, before ${before}`);
  }
  const last = await ended(await startOrResume(out));
  await finished(counter, out, last.code, last.text, undisturbed);
  return counter.tally;
}

/** When a run was killed, by what it left. */
function momentOf(out: string, steps: number | undefined): string {
  let names: string[] = [];
  try {
    names = [...Deno.readDirSync(out)].map(({ name }) => name);
  } catch {
    return "before there was a folder";
  }
  if (names.some((name) => name.endsWith(".part"))) return "while it wrote a file";
  return steps === undefined ? "before the first checkpoint" : "between checkpoints";
}

/** Holds the end of a run against that of the undisturbed one. */
export async function finished(
  counter: Counter,
  out: string,
  code: number,
  text: string,
  { trace }: Reference,
): Promise<void> {
  counter.add("runs brought to their end");
  counter.expect(code === 0, `${out}: exit code ${code}: ${text}`);
  const got = await traceOf(out).catch((error) => `${error}`);
  counter.expectEqual(got, trace, out);
}
