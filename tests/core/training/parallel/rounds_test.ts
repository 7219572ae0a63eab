import { assertEquals, assertRejects } from "@std/assert";
import { openEngine } from "../../../../core/backend/mod.ts";
import { CommError, type Communicator, runMembers } from "../../../../core/comm/mod.ts";
import { Rounds } from "../../../../core/training/parallel/rounds.ts";

const { engine } = await openEngine("cpu");
const tensor = (...data: number[]) => engine.tensor(new Float32Array(data), [data.length]);

/** What weight "a" asks for twice and "b" once, in an order of each member's own. */
async function asked(comm: Communicator, rounds: Rounds): Promise<number[][]> {
  const { rank } = comm;
  const mean = async (name: string, ...data: number[]): Promise<number[]> => [
    ...await engine.read(await rounds.mean(name, tensor(...data))),
  ];
  rounds.enter(rank === 0 ? ["a", "b"] : ["b", "a"]);
  const generators = [
    async () => {
      const first = await mean("a", rank, 1);
      const second = await mean("a", 10 * rank);
      rounds.leave("a");
      return [...first, ...second];
    },
    async () => {
      if (rank === 0) await new Promise((go) => setTimeout(go, 1));
      const only = await mean("b", 100 * rank);
      rounds.leave("b");
      return only;
    },
  ];
  if (rank === 1) generators.reverse();
  const found = await Promise.all(generators.map((f) => f()));
  return rank === 1 ? found.reverse() : found;
}

Deno.test("what weights ask for is exchanged in rounds, whoever of them comes first", async () => {
  await engine.scope(async () => {
    const found = await runMembers(2, async (comm) => {
      const rounds = new Rounds(engine, comm, [0.25, 0.75][comm.rank]!);
      const answers = await asked(comm, rounds);
      return { answers, calls: comm.traffic.of("all-reduce") };
    });
    const answers = [[0.75, 1, 7.5], [75]];
    const calls = { calls: 2, bytes: 16 };
    assertEquals(found, [{ answers, calls }, { answers, calls }]);
  });
});

Deno.test("several questions of one weight at once are answered one after the other", async () => {
  await engine.scope(async () => {
    const [found] = await runMembers(2, async (comm) => {
      const rounds = new Rounds(engine, comm, 0.5);
      rounds.enter(["a"]);
      const both = [rounds.mean("a", tensor(comm.rank)), rounds.mean("a", tensor(1, 2))];
      const data = await Promise.all(both.map(async (t) => [...await engine.read(await t)]));
      rounds.leave("a");
      return data;
    });
    assertEquals(found, [[0.5], [1, 2]]);
  });
});

Deno.test("a number and a tensor outside of rounds are exchanged at once", async () => {
  await engine.scope(async () => {
    const found = await runMembers(2, async (comm) => {
      const rounds = new Rounds(engine, comm, 0.5);
      return [...await engine.read(await rounds.mean("a", tensor(comm.rank)))];
    });
    assertEquals(found, [[0.5], [0.5]]);
  });
});

Deno.test("when a member fails, those who wait for an answer hear of it", async () => {
  await engine.scope(async () => {
    await assertRejects(
      () =>
        runMembers(2, async (comm) => {
          const rounds = new Rounds(engine, comm, 0.5);
          rounds.enter(["a"]);
          if (comm.rank === 0) await rounds.mean("a", tensor(1));
        }),
      CommError,
      "member 1 ended before",
    );
  });
});
