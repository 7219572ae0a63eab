/** Several processes in one folder: one writes, the others are refused and change nothing. */

import { join } from "node:path";
import { type Conditions, finished } from "./kills.ts";
import { Counter, type Tally } from "./tally.ts";
import { commandLine, ended, start } from "./trial.ts";

/** Processes that start at a time. */
const AT_ONCE = 3;

/** So often, several processes start a run in one folder, and as many without a folder's name. */
export async function writers({ folder, count, undisturbed }: Conditions): Promise<Tally> {
  const counter = new Counter();
  for (let round = 0; round < count; round++) {
    const out = join(folder, `writers-${round}`);
    const ends = await Promise.all(starts().map(() => ended(start(commandLine(out)))));
    for (const { text } of ends.filter(({ code }) => code !== 0)) {
      const refused = /Cannot (write into|start a run in) \S+: (process \d+ is writing|it holds)/;
      counter.add("second writers refused");
      counter.expect(refused.test(text), `${out}: ${text}`);
    }
    const winners = ends.filter(({ code }) => code === 0);
    counter.expectEqual(winners.length, 1, `${out}: processes that wrote`);
    await finished(counter, out, 0, "", undisturbed);
  }
  const home = join(folder, "unnamed");
  await Deno.mkdir(home);
  const ends = await Promise.all(starts().map(() => ended(start(commandLine(), home))));
  for (const { code, text } of ends) counter.expect(code === 0, `${home}: ${code}: ${text}`);
  const names = [...Deno.readDirSync(join(home, "runs"))].map(({ name }) => name);
  counter.expectEqual(names.length, AT_ONCE, `folders of ${AT_ONCE} runs without a name`);
  for (const name of names) await finished(counter, join(home, "runs", name), 0, "", undisturbed);
  return counter.tally;
}

function starts(): number[] {
  return Array.from({ length: AT_ONCE }, (_, k) => k);
}
