import { assert, assertEquals } from "@std/assert";
import { openEngine } from "../../../core/backend/mod.ts";
import {
  allReduceTensor,
  alone,
  broadcastTensor,
  type Communicator,
  runMembers,
} from "../../../core/comm/mod.ts";

const { engine } = await openEngine("cpu");
const tensor = (...data: number[]) => engine.tensor(new Float32Array(data), [1, data.length]);

Deno.test("tensors of all members are summed, and the root's is told to all", async () => {
  await engine.scope(async () => {
    const found = await runMembers(3, async (comm) => {
      const sum = await allReduceTensor(comm, engine, tensor(comm.rank, 1));
      const told = await broadcastTensor(comm, engine, tensor(comm.rank, 1), 2);
      assertEquals([sum.shape, told.shape], [[1, 2], [1, 2]]);
      return [...await engine.read(sum), ...await engine.read(told)];
    });
    assertEquals(found, Array(3).fill([3, 3, 2, 1]));
  });
});

Deno.test("a member alone keeps its tensors, and its calls are counted", async () => {
  await engine.scope(async () => {
    const comm: Communicator = alone();
    const t = tensor(1, 2);
    assert(await allReduceTensor(comm, engine, t) === t);
    assert(await broadcastTensor(comm, engine, t) === t);
    assertEquals(comm.traffic.total, { calls: 2, bytes: 16 });
  });
});
