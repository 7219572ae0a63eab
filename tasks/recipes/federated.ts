import { choose, divided, partitions, Random } from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import { openJob } from "../classification/job.ts";
import type { FederatedCurve, FederatedResult } from "../federated/curve.ts";
import { allGoOn, serve } from "../federated/among.ts";
import { type FederatedMethod, federatedMethods } from "../federated/methods.ts";
import {
  batchOf,
  federatedDefaults,
  type FederatedOptions,
  federatedSchema,
  localStepsOf,
  runOptionsOf,
} from "../federated/options.ts";
import { federatedSweepTable } from "../federated/sweep_table.ts";
import { methodTable } from "../federated/table.ts";
import type { FederatedJob } from "../federated/job.ts";
import { trainAmongClients } from "../federated/train.ts";
import { networkOf } from "../networks.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { federatedReport } from "../reports/federated.ts";
import { finishStudy, openStudy, stopped } from "../run_folder.ts";
import { inPath } from "../run_path.ts";
import { renderTable } from "../terminal/mod.ts";

/** A network that learns from data which stay where they are. */
export const federated: Recipe = recipe({
  name: "federated",
  description: "a network among clients that keep their data: FeDLRT beside FedLin and others",
  defaults: federatedDefaults,
  schema: federatedSchema,
  parallel: true,
  sweepTable: federatedSweepTable,
  job: train,
});

async function train(o: FederatedOptions, context: RecipeContext): Promise<number> {
  const begin = performance.now();
  const write = (text: string): void => context.sink.write(text);
  const job = await open(o, context);
  using _ = job.folders;
  const methods = chosen(federatedMethods, o.methods).map(({ plugin }) => plugin);
  if (job.processes.comm.rank > 0) return await serveAll(job, methods);
  const about = { recipe: "federated", seed: o.seed, backend: job.backend };
  const report = federatedReport.name;
  using folder = await openStudy(context.sink, { ...about, report, settings: o });
  const curves: FederatedCurve[] = [];
  let first: Record<string, unknown> | undefined;
  for (const method of methods) {
    const path = `${folder.path}/${inPath(method.name)}`;
    const { curve, result, summary } = await trainAmongClients(job, method, path, o.resume);
    if (!await allGoOn(job, curve !== undefined) || !curve) {
      folder.keep();
      return stopped(result, folder.path, "federated", context);
    }
    first ??= { ...summary };
    curves.push(curve);
  }
  const found = resultOf(o, curves);
  const { columns, rows } = methodTable(found);
  const heads = columns.map((title, i) => i === 0 ? title : { title, align: "right" as const });
  write(`\n${found.title}\n${renderTable(heads, rows)}\n`);
  const seconds = (performance.now() - begin) / 1000;
  const summary = { ...first, seconds, federated: [found] };
  return await finishStudy(folder, summary, (text) => write(`\n${text}\n`));
}

/** What the other processes of a job do: they hold the data. */
async function serveAll(job: FederatedJob, methods: readonly FederatedMethod[]): Promise<number> {
  for (const method of methods) {
    await serve(job, method);
    if (!await allGoOn(job, true)) break;
  }
  return 0;
}

/** Data, clients and engine. */
async function open(o: FederatedOptions, context: RecipeContext): Promise<FederatedJob> {
  const network = networkOf({ ...o, normalise: true });
  const subject = { recipe: "federated", source: o.dataset, network };
  const opened = await openJob(subject, runOptionsOf(o), context);
  const batch = batchOf(o, opened.dataset.train.labels.length);
  const job = { ...opened, options: { ...opened.options, batch } };
  const { seed, clients, participation: share, late, rounds, looks, measureEvery } = o;
  const partition = choose(partitions, o.partition);
  const random = new Random(seed).fork("partition");
  const subsets = divided(partition, job.dataset.train.labels, clients, random);
  const sizes = subsets.map((s) => s.length);
  const spread = `${Math.min(...sizes)} to ${Math.max(...sizes)}`;
  context.sink.write(
    `${clients} clients with ${spread} examples by ${o.partition}, ${batch} in a local step\n`,
  );
  return {
    ...{ ...job, subsets, rounds, looks, measureEvery, settings: o, sink: context.sink },
    participation: { clients, share, late, seed },
    steps: localStepsOf(o),
  };
}

function resultOf(o: FederatedOptions, curves: readonly FederatedCurve[]): FederatedResult {
  // As much as all of them reach.
  const targets = [Math.min(...curves.map((c) => Math.max(...c.values)))];
  return {
    title: `${o.network} on ${o.dataset}, ${o.clients} clients by ${o.partition}`,
    ...{ measure: "accuracy", better: "more", targets, curves },
  };
}
