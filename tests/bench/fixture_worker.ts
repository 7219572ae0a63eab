/** A worker that speaks the protocol of bench/worker.ts and computes nothing. */

import process from "node:process";
import { createInterface } from "node:readline";

const say = (record: unknown): void => console.log(JSON.stringify(record));

if (Deno.args[0] === "refuse") {
  say({ error: "no such engine" });
  Deno.exit(0);
}
say({ ready: "fixture" });
for await (const line of createInterface({ input: process.stdin })) {
  const { workload, steps } = JSON.parse(line);
  if (workload === "die") Deno.exit(3);
  if (workload === "hang") await new Promise(() => setInterval(() => {}, 1000));
  say(workload === "bad" ? { error: "bad workload" } : { seconds: steps / 1000 });
}
