/** What the time of a run goes to, by a clock that ticks when it is told. */

import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { tensorsIn, train } from "../../../core/mod.ts";
import { Stopwatch } from "../../../core/training/spent.ts";
import { onBackend } from "../../support/algebras.ts";
import { shortRun } from "../../support/training.ts";

/** Runs with a clock of one's own; `tick` moves it by seconds. */
async function withClock(f: (tick: (seconds: number) => void) => Promise<void>): Promise<void> {
  const clock = performance.now;
  let now = 0;
  performance.now = () => now;
  try {
    await f((seconds) => void (now += 1000 * seconds));
  } finally {
    performance.now = clock;
  }
}

Deno.test("Stopwatch adds what each part takes, also of work that fails", () =>
  withClock(async (tick) => {
    const watch = new Stopwatch();
    await watch.during("pass", () => Promise.resolve(tick(2)));
    tick(100);
    await assertRejects(() =>
      watch.during("pass", () => {
        tick(3);
        return Promise.reject(new Error("no"));
      })
    );
    watch.add("update", 0.5);
    assertEquals(watch.spent, { pass: 5, update: 0.5, data: 0, measuring: 0 });
  }));

Deno.test("Stopwatch counts the wait for items and not what is done with them, and ends them", () =>
  withClock(async (tick) => {
    let ended = false;
    function* items(): Generator<number> {
      try {
        for (let i = 1; i <= 4; i++) {
          tick(i);
          yield i;
        }
      } finally {
        ended = true;
      }
    }
    const watch = new Stopwatch();
    const seen: number[] = [];
    for await (const item of watch.waiting("data", items())) {
      tick(50);
      seen.push(item);
      if (item === 3) break;
    }
    assertEquals([seen, watch.spent.data, ended], [[1, 2, 3], 6, true]);
  }));

Deno.test({
  ...await onBackend("cpu", "a run tells what its time went to, and no more than there was"),
  fn: async () => {
    const o = await shortRun();
    const begin = performance.now();
    const { state, spent } = await train(o);
    const all = (performance.now() - begin) / 1000;
    for (const t of tensorsIn(state.states)) t.dispose();
    const sum = spent.pass + spent.update + spent.data + spent.measuring;
    assertEquals(Object.values(spent).every((s) => s > 0), true);
    assertLess(sum, all);
  },
});
