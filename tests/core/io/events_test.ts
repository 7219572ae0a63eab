import { assertEquals } from "@std/assert";
import { fanOut, type RunEvent } from "../../../core/io/events.ts";

Deno.test("fanOut() passes every event to every listener, in order", () => {
  const seen: string[] = [];
  const note = (name: string) => (event: RunEvent) => void seen.push(`${name} ${event.type}`);
  const listener = fanOut(note("a"), note("b"));
  listener({ type: "step", step: 1, epoch: 1 });
  listener({ type: "end", reason: "finished", step: 1, seconds: 0 });
  assertEquals(seen, ["a step", "b step", "a end", "b end"]);
});
