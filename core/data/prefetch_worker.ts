/**
 * The thread that prepares batches: makes what is ordered, in its order.
 *
 * @module
 */

import { BatchMaker } from "./batch_maker.ts";
import { buffersOf, type Delivery, type Opening, type Order } from "./prefetch_protocol.ts";

/** The part of a worker's global scope that is used here. */
interface Thread {
  onmessage: ((event: MessageEvent<Opening | Order>) => void) | null;
  postMessage(message: Delivery, transfer?: Transferable[]): void;
}

const thread = self as unknown as Thread;
let maker: Promise<BatchMaker> | undefined;

async function open({ plan, modules }: Opening): Promise<BatchMaker> {
  for (const address of modules) await import(address);
  return new BatchMaker(plan);
}

async function deliver({ ticket, epoch, index, arrays }: Order): Promise<void> {
  try {
    (await maker!).fill(epoch, index, arrays);
    thread.postMessage({ ticket, arrays }, buffersOf(arrays));
  } catch (error) {
    thread.postMessage({ failure: error instanceof Error ? error.message : String(error) });
  }
}

thread.onmessage = ({ data }) => {
  if ("plan" in data) {
    maker = open(data);
    // Whoever orders hears of it.
    maker.catch(() => {});
  } else {
    deliver(data);
  }
};
