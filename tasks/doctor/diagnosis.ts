/**
 * What the doctor says, as a record and as a page of at most 80 columns.
 *
 * @module
 */

import type { PassedOver } from "../../core/backend/mod.ts";
import { renderTable, type TableColumn, wrap } from "../terminal/table.ts";
import type { AutoChoice, Examination, MpiExamination } from "./examination.ts";

/** How to get the next better backend. */
export interface Advice {
  /** Registry name. */
  readonly name: string;
  /** What to install or run. */
  readonly hint: string;
}

/** All that the doctor found. */
export interface Diagnosis {
  /** Texts by key: system, processor, cores, memory in bytes, versions. */
  readonly machine: Readonly<Record<string, string>>;
  /** Every backend, best first. */
  readonly backends: readonly Examination[];
  /** Which one `auto` takes, and why not the better ones. */
  readonly auto: AutoChoice;
  /** What carries the messages of several processes. */
  readonly mpi: MpiExamination & { readonly hint: string };
  /** How to get the next better one; absent when the best works. */
  readonly advice?: Advice;
}

/** Characters per line. */
const WIDTH = 80;

const COLUMNS: readonly TableColumn[] = [
  { title: "backend" },
  { title: "A B", align: "right" },
  { title: "AᵀB", align: "right" },
  { title: "ABᵀ", align: "right" },
  { title: "AᵀBᵀ", align: "right" },
  { title: "QR, SVD" },
  { title: "state" },
];

/** How to get the backend just better than the one that `auto` takes. */
export function adviceFor(
  { passedOver }: { readonly passedOver: readonly PassedOver[] },
  hintOf: (name: string) => string,
): Advice | undefined {
  const next = passedOver.at(-1);
  return next && { name: next.name, hint: hintOf(next.name) };
}

/** Words a diagnosis for people, without a final line break. */
export function renderDiagnosis(diagnosis: Diagnosis): string {
  const { machine, backends, auto, mpi, advice } = diagnosis;
  const gib = (Number(machine.memory) / 2 ** 30).toFixed(1);
  const facts = `Deno ${machine.deno} · ${machine.system} · ${machine.processor} · ` +
    `${machine.cores} cores · ${gib} GiB memory`;
  const parts = [
    paragraph(facts),
    "GFLOP/s of the product of two 512×512 matrices, in float32:",
    renderTable(COLUMNS, backends.map(row), WIDTH),
    paragraph(choice(auto)),
    paragraph(mpiText(mpi)),
    ...(advice ? [paragraph(`For the next better one, ${advice.name}: ${advice.hint}.`)] : []),
  ];
  return parts.join("\n\n");
}

function row(e: Examination): string[] {
  const rates = e.gflops
    ? [e.gflops.plain, e.gflops.left, e.gflops.right, e.gflops.both].map(rate)
    : ["–", "–", "–", "–"];
  return [e.name, ...rates, e.factorisations ?? "–", state(e)];
}

function state(e: Examination): string {
  if (!e.works) return e.reason ?? "does not work";
  return e.reason ? `${e.engine}; only when named: ${e.reason}` : e.engine ?? "works";
}

function rate(gflops: number): string {
  return gflops < 10 ? gflops.toFixed(1) : gflops.toFixed(0);
}

function choice({ chosen, passedOver }: AutoChoice): string {
  if (passedOver.length === 0) return `auto takes ${chosen}, the best there is.`;
  const reasons = passedOver.map(({ name, reason }) => `${name} (${reason})`).join(", ");
  return `auto takes ${chosen}. Passed over: ${reasons}.`;
}

function mpiText({ works, library, hint }: Diagnosis["mpi"]): string {
  return `Several processes (--comm mpi): ${library}${works ? "" : `; ${hint}`}.`;
}

function paragraph(text: string): string {
  return wrap(text, WIDTH).join("\n");
}
