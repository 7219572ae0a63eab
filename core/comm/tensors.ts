/**
 * Exchange of tensors of an engine.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import type { Communicator } from "./types.ts";

/**
 * The sum of a tensor over all members; the tensor itself where there is one member.
 *
 * @returns A tensor of the innermost scope, the same bits everywhere.
 */
export async function allReduceTensor(
  comm: Communicator,
  engine: Engine,
  t: Tensor,
): Promise<Tensor> {
  const data = await engine.read(t);
  await comm.allReduce(data);
  return comm.size === 1 ? t : engine.tensor(data, t.shape);
}

/**
 * What the root's tensor holds, at every member; the root keeps its own.
 *
 * @param t Of the root's shape and type everywhere.
 * @returns A tensor of the innermost scope.
 */
export async function broadcastTensor(
  comm: Communicator,
  engine: Engine,
  t: Tensor,
  root = 0,
): Promise<Tensor> {
  const data = await engine.read(t);
  await comm.broadcast(data, root);
  return comm.rank === root ? t : engine.tensor(data, t.shape);
}
