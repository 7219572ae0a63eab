import { assert, assertEquals } from "@std/assert";
import type { RunEvent } from "../../../core/io/events.ts";
import { createTerminalListener } from "../../../tasks/terminal/listener.ts";
import { textSink } from "../../../tasks/terminal/sink.ts";
import { displayWidth } from "../../../tasks/terminal/table.ts";

interface Screen {
  readonly send: (event: RunEvent, atMilliseconds: number) => void;
  readonly writes: string[];
}

function screen(isTerminal: boolean, color = false): Screen {
  const writes: string[] = [];
  let clock = 0;
  const sink = { isTerminal, color, columns: () => 80, write: (t: string) => void writes.push(t) };
  const listener = createTerminalListener(sink, { now: () => clock });
  return {
    writes,
    send: (event, at) => {
      clock = at;
      listener(event);
    },
  };
}

const START: RunEvent = {
  type: "start",
  label: "low rank",
  epochs: 2,
  steps: 2000,
  firstStep: 0,
  measures: [{ name: "accuracy", better: "more", percent: true }],
};
const step = (n: number): RunEvent => ({
  type: "step",
  step: n,
  epoch: 1,
  loss: 0.5,
  totalRank: 64,
});
const EPOCH: RunEvent = {
  type: "epoch",
  metrics: {
    step: 1000,
    epoch: 1,
    loss: 0.25,
    testLoss: 0.3,
    testAccuracy: 0.9765,
    ranks: { a: 30, b: 34 },
  },
};

Deno.test("the terminal listener redraws its bar at most ten times a second", () => {
  const { send, writes } = screen(true);
  send(START, 0);
  for (let i = 1; i <= 1000; i++) send(step(i), i);
  const bars = writes.filter((w) => w.startsWith("\r\x1b[2Kepoch 1/2"));
  assert(bars.length >= 9 && bars.length <= 10, `${bars.length} bars`);
  assert(bars.every((b) => displayWidth(b.slice(5)) < 80 && !b.includes("\n")));
});

Deno.test("the terminal listener replaces the bar by the line of the epoch", () => {
  const { send, writes } = screen(true);
  send(START, 0);
  send(step(500), 500);
  send(EPOCH, 2000);
  assertEquals(
    writes.at(-1),
    "\r\x1b[2Kepoch 1/2  loss 0.2500  test 97.65 %  ranks 30 34  2.00 s\n",
  );
});

Deno.test("the plain listener prints whole lines, rarely, without escape codes", () => {
  const { send, writes } = screen(false);
  send(START, 0);
  for (let i = 1; i <= 1000; i++) send(step(i), 12 * i);
  send(EPOCH, 13_000);
  send({ type: "end", reason: "finished", step: 2000, seconds: 26 }, 26_000);
  assertEquals(writes.join("").split("\n"), [
    "low rank: 2 epochs, 2,000 steps",
    "  epoch 1/2 20 %, 19 s left, loss 0.500, rank 64, 83.3/s",
    "  epoch 1/2 41 %, 14 s left, loss 0.500, rank 64, 83.3/s",
    "epoch 1/2  loss 0.2500  test 97.65 %  ranks 30 34  13.0 s",
    "finished after 2,000 steps in 26.0 s",
    "",
  ]);
});

Deno.test("the listener tells where the last checkpoint is when a run breaks off", () => {
  for (const reason of ["interrupted", "diverged"] as const) {
    const { send, writes } = screen(false);
    send(START, 0);
    send({ type: "checkpoint", path: "runs/a/checkpoint.safetensors", step: 1000 }, 1);
    send({ type: "end", reason, step: 1200, seconds: 2 }, 2);
    assert(writes.at(-1)!.includes(
      `${reason} after 1,200 steps in 2.00 s; ` +
        `the checkpoint of step 1,000 is runs/a/checkpoint.safetensors`,
    ));
  }
});

Deno.test("the listener tells that a run goes on from a step", () => {
  const { send, writes } = screen(false);
  send({ ...START, firstStep: 1000 } as RunEvent, 0);
  assertEquals(writes, ["low rank: 2 epochs, 2,000 steps, resumed at step 1,000\n"]);
});

Deno.test("the listener shows a download and its end", () => {
  const { send, writes } = screen(true);
  send({ type: "download", file: "t10k.gz", received: 512, total: 2048 }, 1000);
  send({ type: "download", file: "t10k.gz", received: 2048, total: 2048 }, 1001);
  assertEquals(writes[0]!.startsWith("\r\x1b[2Kdownloading t10k.gz  ▕"), true);
  assertEquals(writes[1], "\r\x1b[2Kdownloaded t10k.gz (2.0 KiB)\n");
});

Deno.test("the listener colours warnings only where colours are wanted", () => {
  const warning: RunEvent = { type: "message", level: "warning", text: "rank limit reached" };
  const [plain, coloured] = [screen(true), screen(true, true)];
  plain.send(warning, 0);
  coloured.send(warning, 0);
  assertEquals(plain.writes, ["Warning: rank limit reached\n"]);
  assertEquals(coloured.writes, ["\x1b[33mWarning: rank limit reached\x1b[0m\n"]);
});

Deno.test("textSink() writes all bytes even when the stream takes few at a time", () => {
  const taken: number[] = [];
  const sink = textSink({
    isTerminal: () => false,
    writeSync: (bytes) => {
      const part = bytes.subarray(0, 2);
      taken.push(...part);
      return part.length;
    },
  });
  sink.write("Σ ≤ τ");
  assertEquals(new TextDecoder().decode(new Uint8Array(taken)), "Σ ≤ τ");
  assertEquals([sink.isTerminal, sink.color, sink.columns()], [false, false, 80]);
});
