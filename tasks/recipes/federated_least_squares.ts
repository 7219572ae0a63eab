import {
  finishedPart,
  NonFiniteError,
  openHostAlgebra,
  parseChoice,
  Random,
  type RunFolder,
} from "../../core/mod.ts";
import { optimizers } from "../../optimizers/mod.ts";
import { chosen } from "../chosen.ts";
import { type FederatedCurve, federatedCurve, type FederatedResult } from "../federated/curve.ts";
import { type FederatedMethod, federatedMethods } from "../federated/methods.ts";
import {
  type LeastSquares,
  leastSquaresProblems,
  openLeastSquares,
} from "../federated/problems.ts";
import { solve } from "../federated/solve.ts";
import { methodTable } from "../federated/table.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { federatedReport } from "../reports/federated.ts";
import { finishStudy, interrupted, openStudy } from "../run_folder.ts";
import { inPath } from "../run_path.ts";
import { renderTable } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";

/** What decides the study; 0 and −1 stand for what the problem says. */
const defaults = {
  seed: 1,
  problem: "all", // one target for all clients, and one for each
  methods: "fedlrt,fedlrt-simplified,fedlrt-uncorrected,fedlin,fedavg,factor-averaging",
  clients: 4,
  rounds: 0,
  localSteps: 0,
  learningRate: 0,
  rank: 0,
  tolerance: -1,
  optimizer: "sgd", // what theory is about
  participation: 1, // share of the clients in a round
  late: 0, // share of those whose answer comes too late
  out: "",
  resume: false,
};

type Options = ParsedOptions<typeof defaults>;

/** Excess losses that are looked for. */
const TARGETS = [1e-3, 1e-6, 1e-12];

function schema(): OptionSchema<typeof defaults> {
  const names = leastSquaresProblems.map((p) => p.name);
  return {
    seed: { integer: true, min: 0, description: "seed of data and start" },
    problem: { oneOf: ["all", ...names], description: "what is solved" },
    methods: {
      ...{ oneOf: ["all"], choiceOf: federatedMethods, several: true },
      description: "what solves it",
    },
    clients: { integer: true, min: 1, max: 1000, description: "each with points of its own" },
    rounds: { integer: true, min: 0, description: "rounds, 0 for those of the problem" },
    localSteps: { integer: true, min: 0, description: "local steps, 0 for those of the problem" },
    learningRate: { min: 0, description: "step size, 0 for that of the problem" },
    rank: { integer: true, min: 0, description: "rank at the start, 0 for that of the problem" },
    tolerance: { min: -1, description: "of the truncation, -1 for that of the problem" },
    optimizer: { choiceOf: optimizers, description: "how clients move coordinates" },
    participation: { above: 0, max: 1, description: "share of the clients that take part" },
    late: { min: 0, max: 1, description: "share of those whose answer comes too late" },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}

/** What is known exactly of federated low-rank training, on two least-squares problems. */
export const federatedLeastSquares: Recipe = recipe({
  name: "federated-least-squares",
  description: "federated methods on two least-squares problems, in float64; a minute",
  defaults,
  schema,
  job: study,
});

async function study(o: Options, context: RecipeContext): Promise<number> {
  const begin = performance.now();
  const write = (text: string): void => context.sink.write(text);
  const { name: backend } = await openHostAlgebra();
  const about = { recipe: "federated-least-squares", seed: o.seed, backend };
  const methods = chosen(federatedMethods, o.methods).map(({ plugin }) => plugin);
  const report = federatedReport.name;
  using folder = await openStudy(context.sink, { ...about, report, settings: o });
  const federated: FederatedResult[] = [];
  for (const given of leastSquaresProblems) {
    if (o.problem !== "all" && o.problem !== given.name) continue;
    const found = await compare(asWished(given, o), methods, o, folder, context);
    if (!found) return interrupted(folder, write);
    federated.push(found);
    const { columns, rows } = methodTable(found);
    const heads = columns.map((title, i) => i === 0 ? title : { title, align: "right" as const });
    write(`\n${found.title}\n${renderTable(heads, rows)}\n`);
  }
  const seconds = (performance.now() - begin) / 1000;
  return await finishStudy(folder, { seconds, federated }, (text) => write(`\n${text}\n`));
}

/** The problem with what options say. */
function asWished(p: LeastSquares, o: Options): LeastSquares {
  return {
    ...p,
    rounds: o.rounds || p.rounds,
    steps: o.localSteps || p.steps,
    rate: o.learningRate || p.rate,
    rank: Math.min(o.rank || p.rank, p.size),
    tolerance: o.tolerance < 0 ? p.tolerance : o.tolerance,
  };
}

/** All methods on one problem; undefined when interrupted. */
async function compare(
  problem: LeastSquares,
  methods: readonly FederatedMethod[],
  o: Options,
  folder: RunFolder,
  { signal, sink }: RecipeContext,
): Promise<FederatedResult | undefined> {
  const a = await openHostAlgebra();
  const random = new Random(o.seed).fork(problem.name);
  const data = await openLeastSquares(a, problem, o.clients, random);
  const { plugin, settings } = parseChoice(optimizers, o.optimizer);
  const rule = plugin.create(settings);
  const participation = { clients: o.clients, share: o.participation, late: o.late, seed: o.seed };
  const curves: FederatedCurve[] = [];
  for (const method of methods) {
    sink.write(`${problem.name}: ${method.name}\n`);
    const options = { rule, participation, random: random.fork("start"), signal };
    const part = inPath(`${problem.name}-${method.name}`);
    const compute = () => solve(a, method, problem, data, options);
    try {
      curves.push(await finishedPart(folder, part, federatedCurve, compute));
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof NonFiniteError)) throw error;
      throw new UsageError(
        `Training diverged by ${method.name} on "${problem.name}": ${error.message}. Lower ` +
          `--learning-rate (now ${problem.rate})`,
      );
    }
  }
  const about = { measure: "excess loss", better: "less", targets: TARGETS };
  return { title: `${problem.name}: ${problem.title}`, ...about, curves };
}
