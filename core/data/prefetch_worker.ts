/**
 * The thread that prepares batches: makes what is ordered, in its order.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import { BatchMaker } from "./batch_maker.ts";
import { buffersOf, type Delivery, type Opening, type Order } from "./prefetch_protocol.ts";

const port = parentPort!;
let maker: Promise<BatchMaker> | undefined;

async function open({ plan, modules }: Opening): Promise<BatchMaker> {
  for (const address of modules) await import(address);
  return new BatchMaker(plan);
}

async function deliver({ ticket, epoch, index, arrays }: Order): Promise<void> {
  try {
    (await maker!).fill(epoch, index, arrays);
    tell({ ticket, arrays }, buffersOf(arrays));
  } catch (error) {
    tell({ failure: error instanceof Error ? error.message : String(error) });
  }
}

function tell(delivery: Delivery, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(delivery, transfer);
}

port.on("message", (message: Opening | Order) => {
  if ("plan" in message) {
    maker = open(message);
    // Whoever orders hears of it.
    maker.catch(() => {});
  } else {
    void deliver(message);
  }
});
