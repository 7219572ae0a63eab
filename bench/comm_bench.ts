import { fileURLToPath } from "node:url";
import { findMpi, MPI_HINT, runMembers } from "../core/comm/mod.ts";
import { compile, type Compiled } from "./peers/compiler.ts";
import {
  type Network,
  networkOf,
  NETWORKS,
  predicted,
  type StepCosts,
} from "./support/comm_model.ts";
import type {
  Aim,
  Bench,
  BenchOptions,
  BenchResult,
  Piece,
  Section,
} from "./support/definition.ts";
import { ratio } from "./support/fastest.ts";
import type { Figure } from "./support/history.ts";
import { registered } from "./support/pieces.ts";

/** Bytes of a sum, with the calls that are measured. */
const SIZES: readonly (readonly [bytes: number, calls: number])[] = [
  [8, 4000],
  [1024, 4000],
  [65_536, 1000],
  [1_048_576, 100],
  [4_194_304, 40],
  [16_777_216, 12],
];
const SHORTEST = 8;
const LONG = 4_194_304;
const FORMATS = ["dense", "low-rank"] as const;
const PROCESSES = [1, 2, 4] as const;
const MACHINES = [1, 2, 4, 8, 16, 32, 64] as const;
const PEER = "C";
/** Steps of a round. */
const STEPS = "10";

/** Sums over processes against C, and what data-parallel training makes of them. */
const bench: Bench = {
  name: "comm",
  description: "sums over MPI processes beside C; data-parallel steps, dense and rank 32",
  pieces: () => {
    const pieces = [SHORTEST, LONG].map((bytes, i): Piece => ({
      ...{ group: "sums in one process", name: `two members, ${bytes} B`, baseline: i === 0 },
      start: () => ({ step: () => sumWithin(new Float32Array(bytes / 4)) }),
    }));
    return Promise.resolve({ pieces, notes: ["sums over processes, which mpiexec starts"] });
  },
  run,
};

/** A sum of two members of this process. */
async function sumWithin(data: Float32Array): Promise<void> {
  await runMembers(2, async (comm) => void await comm.allReduce(data.slice()));
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const library = findMpi();
  if (typeof library === "string") {
    return { sections: [], aims: [], notes: [`all of it: ${library}; ${MPI_HINT}`] };
  }
  const folder = await Deno.makeTempDir();
  try {
    const peer = await compile("allreduce.c", folder, "mpicc");
    const rounds = options.quick ? 1 : 5;
    const sums = await allReduces(peer, rounds);
    const costs = await stepCosts(options);
    const own = (bytes: number): number => sums.get(`${bytes} B`)!.median;
    const here = networkOf(own(SHORTEST), { seconds: own(LONG), bytes: LONG });
    return {
      sections: [sumsSection(sums), ...stepSections(costs, here)],
      aims: aimsOf(sums, peer),
      notes: peer.reason === undefined ? [] : [`${PEER}: ${peer.reason}`],
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs a job to its end and reads the line that its first process prints. */
async function job<T>(processes: number, command: readonly string[]): Promise<T> {
  const { success, stdout, stderr } = await new Deno.Command("mpiexec", {
    args: ["-n", String(processes), ...command],
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot run the job: ${text.decode(stderr).split("\n")[0]}`);
  return JSON.parse(text.decode(stdout)) as T;
}

const MEMBER = fileURLToPath(new URL("./comm_member.ts", import.meta.url));
const member = (...args: string[]): string[] => [Deno.execPath(), "run", "-A", MEMBER, ...args];

/** The best round's median by variant; both sides take turns, and others may use the cores. */
async function allReduces(peer: Compiled, rounds: number): Promise<Map<string, Figure>> {
  const plan = SIZES.map(([bytes, calls]) => `${bytes}:${calls}`);
  const found = new Map<string, number[]>();
  const keep = (name: string, seconds: number): void => {
    found.set(name, [...found.get(name) ?? [], seconds]);
  };
  for (let i = 0; i < rounds; i++) {
    const ours = await job<Record<string, number>>(2, member("allreduce", ...plan));
    for (const [bytes, s] of Object.entries(ours)) keep(`${bytes} B`, s);
    if (peer.program === undefined) continue;
    const theirs = await job<Record<string, number>>(2, [peer.program, ...plan]);
    for (const [bytes, s] of Object.entries(theirs)) keep(`${bytes} B, ${PEER}`, s);
  }
  return new Map([...found].map(([name, s]) => [name, { median: Math.min(...s), unit: "s" }]));
}

function sumsSection(figures: ReadonlyMap<string, Figure>): Section {
  const extra = SIZES.flatMap(([bytes]) => {
    const over = overPeer(figures, bytes);
    return over === undefined ? [] : [[`${bytes} B`, { [`over ${PEER}`]: `${over.toFixed(2)}x` }]];
  });
  const names = SIZES.flatMap(([bytes]) => [`${bytes} B`, `${bytes} B, ${PEER}`]);
  const present = names.filter((name) => figures.has(name));
  return {
    title: "A sum of floats over 2 processes",
    figures: new Map(present.map((name) => [name, figures.get(name)!])),
    extra: Object.fromEntries(extra),
  };
}

function overPeer(figures: ReadonlyMap<string, Figure>, bytes: number): number | undefined {
  const [own, peer] = [`${bytes} B`, `${bytes} B, ${PEER}`].map((n) => figures.get(n)?.median);
  return ratio(own, peer);
}

function aimsOf(figures: ReadonlyMap<string, Figure>, peer: Compiled): Aim[] {
  const value = (bytes: number) => peer.program ? overPeer(figures, bytes) : undefined;
  return [
    { what: `a sum of 8 B against ${PEER}`, value: value(SHORTEST), limit: 3 },
    { what: `a sum of 4 MB against ${PEER}`, value: value(LONG), limit: 1.3 },
  ];
}

type Costs = ReadonlyMap<string, StepCosts>;
const key = (format: string, processes: number): string => `${format}, ${processes}`;

/** The best of several rounds. */
async function stepCosts({ quick, backend = "auto" }: BenchOptions): Promise<Costs> {
  const costs = new Map<string, StepCosts>();
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const format of FORMATS) {
      for (const processes of PROCESSES) {
        const command = member("steps", format, STEPS, backend);
        const found = await job<StepCosts>(processes, command);
        const name = key(format, processes);
        const best = costs.get(name);
        if (!best || found.seconds < best.seconds) costs.set(name, found);
      }
    }
  }
  return costs;
}

function stepSections(costs: Costs, here: Network): Section[] {
  const extra: Record<string, Record<string, string>> = {};
  const figures = new Map<string, Figure>();
  for (const format of FORMATS) {
    for (const processes of PROCESSES) {
      const name = `${format}, ${processes} process${processes === 1 ? "" : "es"}`;
      const cost = costs.get(key(format, processes))!;
      const model = modelled(costs, format, processes, here);
      figures.set(name, { median: cost.seconds, unit: "s" });
      extra[name] = {
        "bytes": cost.bytes.toLocaleString("en"),
        "sums": cost.calls.toFixed(0),
        "by the model": `${(1000 * model).toFixed(1)} ms`,
      };
    }
  }
  const measured = { title: "A step of 784-500⁴-10 at batch 256, one thread each", figures, extra };
  return [measured, ...[here, ...NETWORKS].map((network) => extrapolated(costs, network))];
}

/** By the model: one process's work, and what several tell. */
function modelled(costs: Costs, format: string, machines: number, network: Network): number {
  const told = costs.get(key(format, 2))!;
  return predicted(costs.get(key(format, 1))!, told, machines, network);
}

/** The same where each machine has a batch of its own, so that no pass is divided. */
function grown(costs: Costs, format: string, machines: number, network: Network): number {
  const alone = costs.get(key(format, 1))!;
  return predicted({ ...alone, pass: 0 }, costs.get(key(format, 2))!, machines, network);
}

function extrapolated(costs: Costs, network: Network): Section {
  const figures = new Map<string, Figure>();
  const extra: Record<string, Record<string, string>> = {};
  for (const n of MACHINES) {
    const [dense, lowRank] = FORMATS.map((format) => grown(costs, format, n, network));
    const name = `${n} machine${n === 1 ? "" : "s"}`;
    figures.set(name, { median: lowRank!, unit: "s" });
    extra[name] = {
      "dense": `${(1000 * dense!).toFixed(1)} ms`,
      "dense over low rank": `${(dense! / lowRank!).toFixed(2)}x`,
    };
  }
  const title = `By the model, 256 examples on each machine, over ${network.name}: low rank`;
  return { title, figures, extra };
}

export default await registered(bench);
