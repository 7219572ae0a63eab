import { assertEquals, assertLess } from "@std/assert";
import { Pace } from "../../../tasks/flow/pace.ts";

/** A pace over runs that take times by way, and how long it ran each way in a span of time. */
function watched(
  alone: (now: number) => number,
  together: (now: number) => number,
): (span: number) => Record<"alone" | "together", number> {
  let now = 0;
  const pace = new Pace(() => now);
  return (span) => {
    const spent = { alone: 0, together: 0 };
    for (const end = now + span; now < end;) {
      pace.run((both) => {
        const time = both ? together(now) : alone(now);
        spent[both ? "together" : "alone"] += time;
        now += time;
      });
    }
    return spent;
  };
}

Deno.test("threads that help are used for nearly all of the time", () => {
  const spend = watched(() => 0.2, () => 0.11);
  spend(2000);
  const { alone, together } = spend(20_000);
  assertLess(alone, 0.05 * together);
});

Deno.test("threads that keep others waiting are left alone but for trials", () => {
  const spend = watched(() => 0.2, () => 0.5);
  spend(2000);
  const { alone, together } = spend(20_000);
  assertLess(together, 0.05 * alone);
});

Deno.test("threads that gain next to nothing are left alone", () => {
  const spend = watched(() => 0.2, () => 0.19);
  spend(2000);
  const { alone, together } = spend(20_000);
  assertLess(together, 0.05 * alone);
});

Deno.test("the choice follows when other programs come and go", () => {
  const busy = (now: number): boolean => now > 30_000 && now < 60_000;
  const spend = watched(() => 0.2, (now) => busy(now) ? 0.5 : 0.11);
  const before = spend(30_000);
  const during = spend(30_000);
  const after = spend(30_000);
  for (const quiet of [before, after]) assertLess(quiet.alone, 0.4 * quiet.together);
  assertLess(during.together, 0.5 * during.alone);
});

Deno.test("threads that begin to keep others waiting are let go within moments", () => {
  const spend = watched(() => 0.2, (now) => now < 450 ? 0.11 : 10);
  spend(450);
  assertLess(spend(320).together, 100);
});

Deno.test("a run happens once, on whichever way, also without a clock that moves", () => {
  const pace = new Pace(() => 0);
  const ways: boolean[] = [];
  for (let n = 0; n < 1000; n++) pace.run((together) => ways.push(together));
  assertEquals(ways, Array(1000).fill(true));
});
