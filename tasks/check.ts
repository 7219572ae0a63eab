/**
 * The command `check`.
 *
 * @module
 */

import {
  type Algebra,
  type AnyManifold,
  backends,
  checkRetraction,
  checkTransport,
  diagnose,
  engineAlgebra,
  type Finding,
  hostAlgebra,
  manifolds,
  openEngine,
  parseChoice,
  Random,
  suggest,
  tuckerDecompositions,
} from "../core/mod.ts";
import { decompositionFindings } from "./check_decomposition.ts";
import { parseOptions } from "./options.ts";
import { loadPlugins } from "./plugins.ts";
import { renderTable, type TableColumn, type TextSink, textSink } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** The algebra that is there without a backend. */
const HOST = "float64";

/** Options of {@linkcode check} with their defaults. */
const defaults = {
  points: 5, // random points, the worst of which is shown
  seed: 1,
  backend: HOST,
};

/** Something to check on one manifold. */
interface Subject {
  /** Its name and that of the manifold. */
  readonly title: string;
  /** Makes the measurements at one random point. */
  run<M>(a: Algebra<M>, random: Random): Promise<Finding[]>;
}

/**
 * Measures whether manifolds, retractions and transports are what they claim: projections, the
 * slopes of gradients and retractions, tangency and isometry of transports; and whether Tucker
 * decompositions are as near as they claim.
 *
 * @param args Names of manifolds, retractions, transports or decompositions, none for every manifold; `--points n`,
 * `--seed n`, `--backend b`, `--plugin FILE`.
 * @param sink Where the tables go; default standard output.
 * @returns Exit code: 0 when every claim holds, else 1.
 * @throws {UsageError} When a name is unknown.
 */
export async function check(
  args: readonly string[],
  sink: TextSink = textSink(),
): Promise<number> {
  const rest = await loadPlugins(args);
  const firstOption = rest.findIndex((arg) => arg.startsWith("-"));
  const names = firstOption < 0 ? rest : rest.slice(0, firstOption);
  const options = parseOptions(rest.slice(names.length), defaults, {
    points: { integer: true, min: 1 },
    seed: { integer: true },
    backend: { oneOf: [HOST, ...backends.names()] },
  });
  const chosen = (names.length > 0 ? names : manifolds.names()).flatMap(subjectsOf);
  let failed = 0;
  for (const subject of chosen) {
    const found = await measure(subject, options);
    failed += found.filter((f) => !f.ok).length;
    sink.write(`${subject.title}\n${tableOf(found)}\n\n`);
  }
  sink.write(`${closingLine(failed)}\n`);
  return failed === 0 ? 0 : 1;
}

function closingLine(failed: number): string {
  if (failed === 0) return "Every claim holds.";
  return failed === 1 ? "1 claim does not hold." : `${failed} claims do not hold.`;
}

/** What a name stands for: a manifold, or a retraction or transport wherever it is offered. */
function subjectsOf(name: string): Subject[] {
  if (manifolds.has(name)) {
    return [{ title: name, run: (a, random) => diagnose(a, example(a, name), random) }];
  }
  if (tuckerDecompositions.has(name.split(":")[0]!)) {
    const choice = parseChoice(tuckerDecompositions, name);
    return [{ title: name, run: (a, random) => decompositionFindings(a, choice, random) }];
  }
  const a = hostAlgebra();
  const subjects = manifolds.names().flatMap((kind): Subject[] => {
    const { retractions, transports } = example(a, kind);
    const title = `${name} on ${kind}`;
    if (retractions.some((r) => r.name === name)) {
      return [{ title, run: (b, random) => retractionFindings(b, example(b, kind), name, random) }];
    }
    if (transports.some((t) => t.name === name)) {
      return [{ title, run: (b, random) => transportFindings(b, example(b, kind), name, random) }];
    }
    return [];
  });
  if (subjects.length > 0) return subjects;
  throw new UsageError(`Cannot check "${name}": ${suggest(name, knownNames(a))}`);
}

function knownNames<M>(a: Algebra<M>): string[] {
  const parts = manifolds.names().flatMap((kind) => {
    const { retractions, transports } = example(a, kind);
    return [...retractions, ...transports].map((x) => x.name);
  });
  return [...new Set([...manifolds.names(), ...parts, ...tuckerDecompositions.names()])];
}

function example<M>(a: Algebra<M>, kind: string): AnyManifold<M> {
  const plugin = manifolds.get(kind);
  return plugin.create(a, plugin.example);
}

async function retractionFindings<M>(
  a: Algebra<M>,
  manifold: AnyManifold<M>,
  name: string,
  random: Random,
): Promise<Finding[]> {
  const retraction = manifold.retractions.find((r) => r.name === name)!;
  return checkRetraction(a, manifold, retraction, await manifold.randomPoint(random), random);
}

async function transportFindings<M>(
  a: Algebra<M>,
  manifold: AnyManifold<M>,
  name: string,
  random: Random,
): Promise<Finding[]> {
  const transport = manifold.transports.find((t) => t.name === name)!;
  return checkTransport(a, manifold, transport, await manifold.randomPoint(random), random);
}

/** The worst finding of each property over all points. */
async function measure(subject: Subject, options: typeof defaults): Promise<Finding[]> {
  const worst = new Map<string, Finding>();
  const root = new Random(options.seed);
  for (let point = 0; point < options.points; point++) {
    for (const f of await findingsOn(options.backend, subject, root.fork(point))) {
      const known = worst.get(f.property);
      if (known === undefined || badness(f) > badness(known)) worst.set(f.property, f);
    }
  }
  return [...worst.values()];
}

/** How bad a finding is among those of one property; what is no number is worst. */
function badness(f: Finding): number {
  if (Number.isNaN(f.measured)) return Infinity;
  return f.unit === "error" ? f.measured : -f.measured;
}

async function findingsOn(backend: string, subject: Subject, random: Random): Promise<Finding[]> {
  if (backend === HOST) return await subject.run(hostAlgebra(), random);
  const { engine } = await openEngine(backend);
  return await engine.scope(() => subject.run(engineAlgebra(engine), random));
}

const COLUMNS: readonly TableColumn[] = [
  { title: "property" },
  { title: "claim", align: "right" },
  { title: "measured", align: "right" },
  { title: "" },
];

function tableOf(found: readonly Finding[]): string {
  return renderTable(
    COLUMNS,
    found.map((f) => [f.property, claimOf(f), measuredOf(f), f.ok ? "ok" : "FAILED"]),
  );
}

function claimOf(f: Finding): string {
  if (f.unit === "slope") return `slope ≥ ${f.expected}`;
  return f.unit === "fact" ? "yes" : `≤ ${f.expected.toExponential(0)}`;
}

function measuredOf(f: Finding): string {
  if (f.unit === "slope") return f.measured === Infinity ? "exact" : f.measured.toFixed(2);
  if (f.unit === "fact") return f.measured === 1 ? "yes" : "no";
  return f.measured === 0 ? "0" : f.measured.toExponential(1);
}
