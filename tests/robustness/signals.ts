/** SIGTERM and SIGHUP at random moments: every step done is saved, and the exit code says why. */

import { join } from "node:path";
import { type Conditions, finished } from "./kills.ts";
import { Counter, type Tally } from "./tally.ts";
import { disturbed, type Ended, ended, startOrResume, stepsSaved } from "./trial.ts";

/** Exit codes by signal. */
const CODES = { SIGTERM: 143, SIGHUP: 129 } as const;

/** Each signal so often, at random moments after the start of a process. */
export async function signals({ folder, count, random, undisturbed }: Conditions): Promise<Tally> {
  const counter = new Counter();
  for (const name of ["SIGTERM", "SIGHUP"] as const) {
    let runs = 0;
    let out = join(folder, `${name}-${runs}`);
    for (let sent = 0; sent < count && !counter.hopeless;) {
      const end = await disturbed(out, name, random, undisturbed);
      if (end.code !== 0) sent++;
      if (end.code === 0) {
        await finished(counter, out, end.code, end.text, undisturbed);
        out = join(folder, `${name}-${++runs}`);
      } else if (end.signal !== null) counter.add(`${name} before the program ran`);
      else await saved(counter, out, end, name);
    }
    const last = await ended(await startOrResume(out));
    await finished(counter, out, last.code, last.text, undisturbed);
  }
  return counter.tally;
}

async function saved(
  counter: Counter,
  out: string,
  { code, text }: Ended,
  name: keyof typeof CODES,
): Promise<void> {
  counter.add(`${name} heard and saved`);
  counter.expect(code === CODES[name], `${out}: ${name} ended with ${code}: ${text}`);
  const told = /Interrupted after step (\d+); the checkpoint is saved/.exec(text)?.[1];
  counter.expectEqual(await stepsSaved(out), Number(told), `${out}: steps in the checkpoint`);
}
