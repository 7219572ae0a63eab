import { assertEquals, assertThrows } from "@std/assert";
import { type Jobs, Team } from "../../../core/wasm/mod.ts";
import { PIECE_NUMBERS } from "../../../core/wasm/pieces.ts";

/** Jobs on a list that says what was done. */
const jobs: Jobs<number[][]> = {
  fail: () => {
    throw new Error("on purpose");
  },
  note: (list, numbers) => void list.push([...numbers]),
};
/** Threads that end before they have done anything. */
const module = new URL(`data:text/javascript,process.exit();`);
const others = { module, setting: () => undefined };

Deno.test("a team of one does every piece, in order", () => {
  const list: number[][] = [];
  const team = new Team({ jobs, member: list });
  assertEquals(team.threads, 1);
  team.run("note", [[1], [2, 2], []]);
  assertEquals(list, [[1], [2, 2], []]);
});

Deno.test("a team that nobody can join stays at one", () => {
  const team = new Team({ jobs, member: [] });
  team.threads = 4;
  assertEquals([team.open, team.threads], [false, 1]);
});

Deno.test("pieces arrive as they were described, also more of them than fit at a time", () => {
  const list: number[][] = [];
  const team = new Team({ jobs, member: list, others });
  team.threads = 2;
  const most = Array.from({ length: PIECE_NUMBERS - 2 }, (_, i) => 2 ** 32 - 64 + i / 8);
  const pieces = [most, ...Array.from({ length: 600 }, (_, i) => [i])];
  team.run("note", pieces);
  assertEquals(list, pieces);
  assertEquals(team.helped, 0);
  team.close();
});

Deno.test("a piece of too many numbers is refused with the figures", () => {
  const team = new Team({ jobs, member: [], others });
  team.threads = 2;
  const most = PIECE_NUMBERS - 2;
  assertThrows(
    () => team.run("note", [[], Array(most + 1).fill(0)]),
    RangeError,
    `Cannot describe a piece of "note": expected at most ${most} numbers, got ${most + 1}`,
  );
  team.close();
});

Deno.test("a job that fails says which and why, and the next one is done", () => {
  const list: number[][] = [];
  const team = new Team({ jobs, member: list, others });
  team.threads = 2;
  const error = assertThrows(
    () => team.run("fail", [[], [], []]),
    Error,
    'Cannot do 3 of 3 pieces of the job "fail"',
  );
  assertEquals((error.cause as Error).message, "on purpose");
  team.run("note", [[1], [2]]);
  assertEquals(list, [[1], [2]]);
  team.close();
});
