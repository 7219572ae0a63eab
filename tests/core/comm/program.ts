/** What members of a job say to each other, as a program: prints what they found. */

import { type Communicator, type MpiJob, openMpi } from "../../../core/comm/mod.ts";

/** Every operation once; what each member got, as numbers. */
export async function everything(comm: Communicator): Promise<number[]> {
  const { rank, size } = comm;
  const last = size - 1;
  const found: number[] = [
    ...await comm.allReduce(new Float32Array([rank, 0.1])),
    ...await comm.allReduce(new Float64Array([rank + 1]), "max"),
    ...await comm.allReduce(new Uint8Array([rank + 1]), "min"),
    ...(await comm.allReduce(new Int32Array(1000).fill(rank))).slice(997),
    ...await comm.broadcast(new Int32Array([rank, 7]), last),
  ];
  for (const part of await comm.gather(new Float64Array([rank, -rank]), last) ?? []) {
    found.push(...part);
  }
  const whole = Int32Array.from({ length: 2 * size }, (_, i) => i);
  found.push(...await comm.scatter(rank === 0 ? whole : undefined, new Int32Array(2)));
  if (rank > 0) await comm.send(new Float32Array([rank, rank]), 0, rank);
  for (let from = last; rank === 0 && from > 0; from--) {
    found.push(...await comm.receive(new Float32Array(2), from, from));
  }
  await comm.barrier();
  const part = await comm.split(rank === last && rank > 0 ? undefined : rank % 2);
  found.push(part?.size ?? -1, ...await part?.allReduce(new Int32Array([rank])) ?? []);
  return found;
}

/** One member does not do what the others wait for. */
async function failing({ comm, setLimit }: MpiJob, how: string): Promise<void> {
  await comm.barrier();
  setLimit(0.3);
  if (comm.rank !== 1) return await comm.barrier();
  if (how === "die") Deno.kill(Deno.pid, "SIGKILL");
  if (how === "hang") {
    for (;;) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    }
  }
}

if (import.meta.main) {
  const [what] = Deno.args;
  const job = await openMpi({ limit: 60 });
  const { comm, close } = job;
  try {
    if (what === "everything") {
      const found = await everything(comm);
      await Deno.stdout.write(new TextEncoder().encode(`${comm.rank}: ${found}\n`));
    } else await failing(job, what!);
  } catch (error) {
    await Deno.stderr.write(new TextEncoder().encode(`${(error as Error).message}\n`));
    comm.abort("");
  }
  await close();
}
