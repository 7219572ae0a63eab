import { assert, assertEquals, assertRejects } from "@std/assert";
import { alone, CommError, type Communicator, runMembers } from "../../../core/comm/mod.ts";

const SHORT = { limit: 0.05 };

Deno.test("a sum over members holds the same bits everywhere, whoever comes first", async () => {
  const parts = [0.1, 0.2, 0.3, 1e8, -1e8];
  const expected = parts.reduce((a, b) => Math.fround(Math.fround(a) + Math.fround(b)));
  for (const first of [0, 4]) {
    const sums = await runMembers(5, async (comm) => {
      if (comm.rank !== first) await new Promise((go) => setTimeout(go, 0));
      return (await comm.allReduce(new Float32Array([parts[comm.rank]!])))[0];
    });
    assertEquals(sums, Array(5).fill(expected));
  }
});

Deno.test("members find the largest and the smallest entry", async () => {
  const found = await runMembers(3, async (comm) => [
    ...await comm.allReduce(new Int32Array([comm.rank, -comm.rank]), "max"),
    ...await comm.allReduce(new Float64Array([comm.rank, -comm.rank]), "min"),
  ]);
  assertEquals(found, Array(3).fill([2, 0, 0, -2]));
});

Deno.test("broadcast, gather and scatter go by rank, from and to any root", async () => {
  for (const root of [0, 2]) {
    const found = await runMembers(3, async (comm) => {
      const own = new Float64Array([comm.rank, 10 * comm.rank]);
      const all = await comm.gather(own, root);
      const told = await comm.broadcast(own.slice(), root);
      const whole = new Int32Array([1, 2, 3]);
      const part = await comm.scatter(
        comm.rank === root ? whole : undefined,
        new Int32Array(1),
        root,
      );
      return { all: all?.map((x) => [...x]), told: [...told], part: part[0] };
    });
    found.forEach(({ all, told, part }, rank) => {
      assertEquals(all, rank === root ? [[0, 0], [1, 10], [2, 20]] : undefined);
      assertEquals(told, [root, 10 * root]);
      assertEquals(part, rank + 1);
    });
  }
});

Deno.test("messages of one tag arrive in order, those of different tags in any", async () => {
  const [, found] = await runMembers(2, async (comm) => {
    const received: number[] = [];
    if (comm.rank === 0) {
      const data = new Float32Array([1]);
      await comm.send(data, 1, 7);
      data[0] = 2;
      await comm.send(data, 1, 7);
      await comm.send(new Float32Array([3]), 1);
    } else {
      for (const tag of [0, 7, 7]) {
        received.push((await comm.receive(new Float32Array(1), 0, tag))[0]!);
      }
    }
    return received;
  });
  assertEquals(found, [3, 1, 2]);
});

Deno.test("members of one colour are a job of their own", async () => {
  const found = await runMembers(5, async (comm) => {
    const part = await comm.split(comm.rank === 4 ? undefined : comm.rank % 2);
    if (!part) return undefined;
    const [sum] = await part.allReduce(new Int32Array([comm.rank]));
    return [part.rank, part.size, sum];
  });
  assertEquals(found, [[0, 2, 2], [0, 2, 4], [1, 2, 2], [1, 2, 4], undefined]);
});

Deno.test("a member counts calls and bytes by kind", async () => {
  const [{ byKind, total }] = await runMembers(2, async (comm) => {
    await comm.allReduce(new Float32Array(3));
    await comm.allReduce(new Float64Array(1));
    await comm.barrier();
    return comm.traffic;
  }) as [Communicator["traffic"], Communicator["traffic"]];
  assertEquals(byKind, { "all-reduce": { calls: 2, bytes: 20 }, barrier: { calls: 1, bytes: 0 } });
  assertEquals(total, { calls: 3, bytes: 20 });
});

Deno.test("a member alone gets back what it hands in", async () => {
  const comm = alone();
  const data = new Float32Array([1, 2]);
  assertEquals(await comm.allReduce(data), data);
  assertEquals(await comm.gather(data), [data]);
  assertEquals([...await comm.scatter(data, new Float32Array(2))], [1, 2]);
  assertEquals((await comm.split(3))?.size, 1);
  assertEquals(await comm.split(undefined), undefined);
  await assertRejects(() => comm.send(data, 0), RangeError, "expected another member than 0");
});

Deno.test("a member that throws ends the others with its own error", async () => {
  const heard: unknown[] = [];
  const failed = new RangeError("Cannot read the data: expected more");
  const program = async (comm: Communicator): Promise<void> => {
    if (comm.rank === 1) throw failed;
    await comm.barrier().catch((error) => {
      heard.push(error);
      throw error;
    });
  };
  assertEquals(await assertRejects(() => runMembers(3, program)), failed);
  assertEquals(heard, [failed, failed]);
});

Deno.test("a member that hangs ends the others within the limit", async () => {
  await assertRejects(
    () => runMembers(3, (comm) => comm.rank === 2 ? hangs(comm) : comm.barrier(), SHORT),
    CommError,
    "Cannot wait at a barrier: member 2 did not come within 0.05 s",
  );
});

/** Hangs until the others have given up. */
async function hangs(comm: Communicator): Promise<void> {
  await comm.receive(new Int32Array(1), 0, 9);
}

Deno.test("a member that has ended is not waited for", async () => {
  await assertRejects(
    () => runMembers(3, async (comm) => comm.rank === 1 ? undefined : await comm.barrier()),
    CommError,
    "Cannot wait at a barrier: member 1 ended before",
  );
  await assertRejects(
    () =>
      runMembers(2, async (comm) => {
        if (comm.rank === 1) await comm.receive(new Int32Array(1), 0);
      }),
    CommError,
    "Cannot receive: member 0 ended before",
  );
});

Deno.test("a member of another group may end while others meet", async () => {
  const sums = await runMembers(3, async (comm) => {
    const part = await comm.split(comm.rank === 0 ? 0 : 1);
    if (comm.rank === 0) return 0;
    if (comm.rank === 2) await new Promise((go) => setTimeout(go, 1));
    return (await part!.allReduce(new Int32Array([1])))[0];
  });
  assertEquals(sums, [0, 2, 2]);
});

Deno.test("members that ask for different things are told who asked for what", async () => {
  await assertRejects(
    () => runMembers(2, (comm) => comm.allReduce(new Float32Array(1 + comm.rank))),
    CommError,
    "Cannot all-reduce sum: expected all members to do the same, member 0 has 1 entries of " +
      'Float32Array, member 1 asks for "all-reduce sum" with 2 entries of Float32Array',
  );
  await assertRejects(
    () => runMembers<unknown>(2, (c) => c.rank ? c.barrier() : c.broadcast(new Int32Array(1))),
    CommError,
    'member 1 asks for "wait at a barrier" with nothing',
  );
  await assertRejects(
    () =>
      runMembers<unknown>(
        2,
        (c) => c.rank ? c.receive(new Int32Array(2), 0) : c.send(new Int32Array(1), 1),
      ),
    CommError,
    "Cannot receive: expected 2 entries of Int32Array from member 0, got 1 entries of Int32Array",
  );
});

Deno.test("ranks, tags, colours and parts are checked", async () => {
  const refuse = (program: (comm: Communicator) => Promise<unknown>): Promise<Error> =>
    assertRejects(() => runMembers(2, program), RangeError);
  const one = (): Int32Array => new Int32Array(1);
  assert((await refuse((c) => c.broadcast(one(), 2))).message.includes("root"));
  assert((await refuse((c) => c.send(one(), 5))).message.includes("to"));
  assert((await refuse((c) => c.receive(one(), 1 - c.rank, -1))).message.includes("tag"));
  assert((await refuse((c) => c.split(-1))).message.includes("color"));
  assertEquals(
    (await refuse((c) => c.scatter(c.rank === 0 ? one() : undefined, one()))).message,
    "Cannot scatter: expected 2 parts of 1 entries at the root, got 1 entries",
  );
});

Deno.test("a member ends the job for all", async () => {
  await assertRejects(
    () =>
      runMembers(2, async (comm) => {
        if (comm.rank === 1) comm.abort("Cannot go on: the disk is full");
        await comm.barrier();
      }),
    CommError,
    "Cannot go on: the disk is full",
  );
});
