import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Interrupted, Ticker } from "../../../tasks/flow/ticker.ts";

/** A sink that keeps what is written. */
function recorder(isTerminal: boolean) {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  return { sink: { isTerminal, color: false, columns: () => 80, write }, written };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120));
const PROGRESS = { label: "a flow", done: 5, total: 10 };

Deno.test("Ticker shows progress on a terminal, and takes it away for a line", async () => {
  const { sink, written } = recorder(true);
  const ticker = new Ticker(sink, new AbortController().signal);
  await ticker.tick(PROGRESS);
  assertEquals(written, []);
  await pause();
  await ticker.tick(PROGRESS);
  assertStringIncludes(written[0]!, "a flow");
  assertStringIncludes(written[0]!, "50 %");
  ticker.line("done");
  assertEquals(written[1], "\r\x1b[2Kdone\n");
});

Deno.test("Ticker writes no progress where nobody can see it move", async () => {
  const { sink, written } = recorder(false);
  const ticker = new Ticker(sink, new AbortController().signal);
  await pause();
  await ticker.tick(PROGRESS);
  ticker.line("done");
  assertEquals(written, ["done\n"]);
});

Deno.test("Ticker stops the work when the signal has been given", async () => {
  const stop = new AbortController();
  const ticker = new Ticker(recorder(false).sink, stop.signal);
  stop.abort();
  await pause();
  await assertRejects(() => ticker.tick(PROGRESS), Interrupted);
});
