/** Two of the checks of `deno task robustness`, a few times; the others are tests of their own. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { Random } from "../../core/random.ts";
import { inFolder } from "../support/command_line.ts";
import { fullDisk, hasSmallDisks } from "./disk.ts";
import { finished, kills } from "./kills.ts";
import { Counter, tallyLine } from "./tally.ts";
import { reference } from "./trial.ts";

const disks = await hasSmallDisks();
const unless = disks ? "" : " (skipped: no name spaces for users here)";

Deno.test("a run that is killed ends as one left in peace", () =>
  inFolder(async (folder) => {
    const undisturbed = await reference(folder);
    const tally = await kills({ folder, count: 3, random: new Random(3), undisturbed });
    assertEquals(tally.faults, []);
    // The check would have seen another end.
    const counter = new Counter();
    const out = join(folder, "reference");
    await finished(counter, out, 1, "text", { ...undisturbed, trace: {} });
    assertMatch(tallyLine("kills", counter.tally), /^kills: 1 runs .*, 2 FAULTS$/);
    assertMatch(counter.tally.faults.join("\n"), /exit code 1: text\n.*expected {}, got {"names"/);
  }));

Deno.test({
  name: `a run that runs out of disk keeps its checkpoint and goes on${unless}`,
  ignore: !disks,
  fn: () =>
    inFolder(async (folder) => {
      const undisturbed = await reference(folder);
      const random = new Random(2);
      const tally = await fullDisk({ folder, count: 2, random, undisturbed });
      assertEquals(tally.faults, [], tallyLine("disk", tally));
      assertMatch(tallyLine("disk", tally), /[12] runs that ran out of room/);
    }),
});
