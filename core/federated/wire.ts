/**
 * Messages between processes: a header of numbers, the extents of matrices, their entries.
 *
 * @module
 */

import type { Communicator } from "../comm/mod.ts";
import type { Federation } from "./types.ts";

/** Lists of matrices by name, of which some may be missing; or none at all. */
export type Section<M> = Readonly<Record<string, readonly (M | undefined)[]>> | undefined;

/** What is sent at once. */
export interface Message<M> {
  /** Numbers whose meaning the sides agree on. */
  readonly numbers: readonly number[];
  /** Matrices. */
  readonly sections: readonly Section<M>[];
}

/** Numbers before those of the caller: how many extents and entries follow. */
const OWN = 2;

/**
 * Sends a message: three arrays, of which the last holds all matrices.
 *
 * @param names Names in the order in which both sides have them.
 */
export async function sendMessage<M>(
  f: Federation<M>,
  comm: Communicator,
  to: number,
  names: readonly string[],
  { numbers, sections }: Message<M>,
): Promise<void> {
  const { algebra: a } = f;
  const extents: number[] = [];
  const entries: Float64Array[] = [];
  for (const section of sections) {
    extents.push(section ? 1 : 0);
    for (const name of section ? names : []) {
      const list = section![name] ?? [];
      extents.push(list.length);
      for (const m of list) {
        extents.push(...(m === undefined ? [0, 0] : [a.rows(m), a.cols(m)]));
        if (m !== undefined) entries.push(await a.read(m));
      }
    }
  }
  const data = arrayOf(f, entries.reduce((n, e) => n + e.length, 0));
  let at = 0;
  for (const part of entries) {
    data.set(part, at);
    at += part.length;
  }
  await comm.send(Float64Array.of(extents.length, data.length, ...numbers), to);
  await comm.send(Int32Array.from(extents), to);
  await comm.send(data, to);
}

/**
 * Receives a message.
 *
 * @param numbers How many numbers it has.
 * @param sections How many sections.
 */
export async function receiveMessage<M>(
  f: Federation<M>,
  comm: Communicator,
  from: number,
  names: readonly string[],
  { numbers, sections }: { readonly numbers: number; readonly sections: number },
): Promise<Message<M>> {
  const header = await comm.receive(new Float64Array(OWN + numbers), from);
  const extents = await comm.receive(new Int32Array(header[0]!), from);
  const data = await comm.receive(arrayOf(f, header[1]!), from);
  let [next, at] = [0, 0];
  const matrix = (): M | undefined => {
    const [rows, cols] = [extents[next++]!, extents[next++]!];
    if (rows === 0) return undefined;
    at += rows * cols;
    return f.algebra.from(data.subarray(at - rows * cols, at), rows, cols);
  };
  const list = (): (M | undefined)[] => Array.from({ length: extents[next++]! }, matrix);
  return {
    numbers: [...header.subarray(OWN)],
    sections: Array.from({ length: sections }, () => {
      if (extents[next++] === 0) return undefined;
      return Object.fromEntries(names.map((name) => [name, list()]));
    }),
  };
}

function arrayOf<M>(f: Federation<M>, length: number): Float32Array | Float64Array {
  return f.bytesPerNumber === 4 ? new Float32Array(length) : new Float64Array(length);
}
