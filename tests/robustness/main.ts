/**
 * `deno task robustness [kills] [signals] [disk] [writers] [--count n] [--seed n]`: kills a run at
 * random moments, tells it to end, lets its disk run full and starts it twice in one folder. Each
 * time it must end as a run that was left in peace, bit for bit. A few minutes in all.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { suggest } from "../../core/registry.ts";
import { Random } from "../../core/random.ts";
import { fullDisk, hasSmallDisks } from "./disk.ts";
import { type Conditions, kills } from "./kills.ts";
import { signals } from "./signals.ts";
import { type Tally, tallyLine } from "./tally.ts";
import { reference } from "./trial.ts";
import { writers } from "./writers.ts";

/** Every check with how often it is made. */
const CHECKS: Readonly<Record<string, [(c: Conditions) => Promise<Tally>, count: number]>> = {
  kills: [kills, 50],
  signals: [signals, 20], // of each
  disk: [fullDisk, 20],
  writers: [writers, 10],
};

async function main(): Promise<number> {
  const { _: named, count, seed = "1" } = parseArgs(Deno.args, { string: ["count", "seed"] });
  const names = named.length === 0 ? Object.keys(CHECKS) : named.map(String);
  for (const name of names) {
    if (name in CHECKS) continue;
    throw new RangeError(`Cannot check "${name}": ${suggest(name, Object.keys(CHECKS))}`);
  }
  const folder = await Deno.makeTempDir({ prefix: "rankflow-robustness-" });
  let faults = 0;
  try {
    const undisturbed = await reference(folder);
    for (const name of names) {
      if (name === "disk" && !await hasSmallDisks()) {
        console.log("disk: left out, as it needs Linux with name spaces for users");
        continue;
      }
      const [check, usual] = CHECKS[name]!;
      const random = new Random(Number(seed)).fork(name);
      const tally = await check({ folder, count: Number(count ?? usual), random, undisturbed });
      console.log(tallyLine(name, tally));
      for (const fault of tally.faults) console.log(`  ${fault}`);
      faults += tally.faults.length;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return faults === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(error instanceof RangeError ? error.message : error);
    Deno.exit(1);
  }
}
