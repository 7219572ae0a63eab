/**
 * The report of a study of robustness.
 *
 * @module
 */

import type {
  Figure,
  Page,
  Panel,
  ReportKind,
  RunData,
  Section,
  Series,
  Table,
} from "../../core/io/mod.ts";
import { aCount, lineChart, listOf, seriesColor, threeOf } from "../../core/io/mod.ts";
import type { Conditioning } from "../../core/mod.ts";
import {
  accuracyUnder,
  attackGrid,
  over,
  type RobustGroup,
  robustGroups,
  robustResult,
  worstCondition,
} from "../robust/result.ts";
import { conditionText, percentText } from "../robust/table.ts";
import { formatPercent } from "../terminal/format.ts";
import { changeAsRgb, type GridImage, imageGrid, pixelsAsRgb } from "./image_grid.ts";
import { resultOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";

/** Accuracy against the radius of attacks and against compression, conditioning, examples. */
export const robustReport: ReportKind = {
  name: "robust",
  description: "accuracy under attacks against radius and compression, conditioning, examples",
  async build(run: RunData): Promise<Page> {
    const results = resultOf(run, "results", listOf(robustResult)) ?? [];
    const groups = robustGroups(results);
    const sections: Section[] = [
      { heading: "Accuracy under attacks", figures: await radiusFigures(groups) },
      { heading: "Accuracy against compression", figures: await compressionFigures(groups) },
      { heading: "Results", tables: tablesOf(groups) },
      { heading: "Conditioning", text: CONDITIONING, tables: [conditioningTable(groups)] },
      { heading: "Examples", figures: exampleFigures(run, groups) },
    ];
    return {
      title: `${run.config.recipe}: accuracy under attacks`,
      lead: leadOf(groups),
      sections: [
        ...sections.filter((s) => [...s.figures ?? [], ...s.tables ?? []].length > 0),
        settingsSection(run.config),
      ],
      footer:
        "Images are in [0, 1], the normalisation is a part of the network, and radii are in " +
        "units of full brightness. This page is rebuilt from the files beside it by “deno task " +
        "report” and the name of their folder; each network has a report of its own.",
    };
  },
};

const CONDITIONING = [
  "κ is the ratio of the largest singular value of a weight to the smallest one within its rank. " +
  "R = ‖SᵀS − α² I‖, which the spectral regularizer makes small, bounds it by exp(R / (√2 σ²)) " +
  "with that smallest value. The Lipschitz bound is the product over the weights of what each " +
  "can amplify.",
];

/** The largest gain of the regularizer over the same network without it. */
function leadOf(groups: readonly RobustGroup[]): string {
  const gains = attackGrid(groups.flatMap((g) => g.results)).flatMap(({ attack, epsilons }) =>
    epsilons.flatMap((epsilon) => gainsOf(groups, attack, epsilon))
  );
  const best = gains.toSorted((a, b) => b.gain - a.gain)[0];
  if (!best) return `${groups.length} networks under attacks.`;
  const sign = best.gain < 0 ? "−" : "+";
  return `${best.label}: ${sign}${Math.abs(100 * best.gain).toFixed(1)} points under ` +
    `${best.attack} at ε ${best.epsilon} against the same network without regularizer, with ` +
    `${formatPercent(best.saved, 1)} of the parameters saved; clean accuracy ` +
    `${formatPercent(best.clean, 2)} against ${formatPercent(best.plainClean, 2)}.`;
}

function gainsOf(groups: readonly RobustGroup[], attack: string, epsilon: number) {
  return groups.filter((g) => g.results[0]!.beta > 0).flatMap((g) => {
    const { tolerance } = g.results[0]!;
    const plain = groups.find(({ results: [r] }) =>
      r!.method === g.results[0]!.method && r!.beta === 0 && r!.tolerance === tolerance
    );
    if (!plain) return [];
    const mean = (group: RobustGroup) => over(group, (r) => accuracyUnder(r, attack, epsilon)).mean;
    return [{
      label: g.label,
      attack,
      epsilon,
      gain: mean(g) - mean(plain),
      saved: over(g, (r) => r.compression / 100).mean,
      clean: over(g, (r) => r.testAccuracy).mean,
      plainClean: over(plain, (r) => r.testAccuracy).mean,
    }];
  });
}

/** One panel for each attack, one curve for each network. */
async function radiusFigures(groups: readonly RobustGroup[]): Promise<Figure[]> {
  const panels: Panel[] = [];
  const legend = groups.map((g, i) => ({ label: g.label, color: seriesColor(i) }));
  for (const { attack, norm, epsilons } of attackGrid(groups.flatMap((g) => g.results))) {
    const series = groups.map((g, i): Series => ({
      ...legend[i]!,
      points: [
        [0, over(g, (r) => r.cleanAccuracy).mean],
        ...epsilons.map((e) => [e, over(g, (r) => accuracyUnder(r, attack, e)).mean] as const),
      ],
    }));
    const options = accuracyAxes(`Accuracy under ${attack} against its radius`);
    const xTitle = `ε, ${norm === "linf" ? "largest change" : "Euclidean length"}`;
    panels.push(await lineChart(series, { ...options, xTitle, title: attack, width: 320 }));
  }
  if (panels.length === 0) return [];
  return [{ title: "Accuracy against the radius of the ball, means over seeds", panels, legend }];
}

/** One panel for each attack at its middle radius; nothing where there is but one tolerance. */
async function compressionFigures(groups: readonly RobustGroup[]): Promise<Figure[]> {
  const factorised = groups.filter((g) => g.results[0]!.compression > 0);
  const betas = [...new Set(factorised.map((g) => g.results[0]!.beta))];
  if (new Set(factorised.map((g) => g.results[0]!.tolerance)).size < 2) return [];
  const panels: Panel[] = [];
  const legend = betas.map((b, i) => ({
    label: b > 0 ? `β ${b}` : "β 0",
    color: seriesColor(i + 1),
  }));
  for (const { attack, epsilons } of attackGrid(groups.flatMap((g) => g.results))) {
    const epsilon = epsilons[epsilons.length >> 1]!;
    const series = betas.map((beta, i): Series => ({
      ...legend[i]!,
      points: factorised.filter((g) => g.results[0]!.beta === beta)
        .map((g) =>
          [
            over(g, (r) => r.compression).mean,
            over(g, (r) => accuracyUnder(r, attack, epsilon)).mean,
          ] as const
        )
        .toSorted(([a], [b]) => a - b),
    }));
    const title = `${attack}, ε ${epsilon}`;
    const options = accuracyAxes(`Accuracy under ${title} against compression`);
    const xTitle = "parameters saved, percent";
    panels.push(await lineChart(series, { ...options, xTitle, title, width: 320 }));
  }
  return [{ title: "Accuracy against compression, means over seeds", panels, legend }];
}

function accuracyAxes(description: string) {
  return { description, yTitle: "classified correctly", yFormat: "~%", fromZero: true };
}

function tablesOf(groups: readonly RobustGroup[]): Table[] {
  if (groups.length === 0) return [];
  const seeds = Math.max(...groups.map((g) => g.results.length));
  const spread = seeds > 1 ? `, mean ± standard deviation over ${seeds} seeds` : "";
  const sizes: Table = {
    caption: `Networks${spread}`,
    columns: ["network", "test accuracy, %", "saved, %", "κ, largest", "Lipschitz bound"],
    rows: groups.map((g) => [
      g.label,
      percentText(over(g, (r) => r.testAccuracy)),
      over(g, (r) => r.compression).mean.toFixed(1),
      conditionText(g),
      over(g, (r) => r.lipschitz).mean.toPrecision(3),
    ]),
    numeric: true,
  };
  const attacked = attackGrid(groups.flatMap((g) => g.results)).map((
    { attack, epsilons },
  ): Table => ({
    caption: `Accuracy under ${attack}, percent`,
    columns: ["network", ...epsilons.map((e) => `ε ${e}`)],
    rows: groups.map((g) => [
      g.label,
      ...epsilons.map((e) => percentText(over(g, (r) => accuracyUnder(r, attack, e)))),
    ]),
    numeric: true,
  }));
  return [sizes, ...attacked];
}

/** Condition numbers of the factorised weights, of the first seed. */
function conditioningTable(groups: readonly RobustGroup[]): Table {
  const factorised = groups.filter((g) => Number.isFinite(worstCondition(g.results[0]!)));
  const names = Object.entries(factorised[0]?.results[0]?.conditioning ?? {})
    .filter(([, c]) => c.factorised).map(([name]) => name);
  return {
    caption: "κ of the weights that are factorised, and its bound by R; first seed",
    columns: ["weight", ...groups.map((g) => g.label)],
    rows: names.map((name) => [
      name,
      ...groups.map((g) => conditionOf(g.results[0]!.conditioning[name])),
    ]),
    numeric: true,
  };
}

/** κ of a weight, for factorised ones with the bound. */
function conditionOf(found: Conditioning | undefined): string {
  if (!found) return "–";
  const { condition, bound, factorised } = found;
  const show = (v: number): string => v < 1e4 ? v.toFixed(2) : "> 10⁴";
  return factorised ? `${show(condition)} ≤ ${show(bound)}` : show(condition);
}

/** Images, changes and attacked images of the first seed of each network. */
function exampleFigures(run: RunData, groups: readonly RobustGroup[]): Figure[] {
  const shape = resultOf(run, "shape", threeOf(aCount));
  const names = run.summary?.classNames ?? [];
  const first = groups.flatMap((g) => g.results[0]!.examples.length > 0 ? [g] : []);
  const [grid] = attackGrid(first.flatMap((g) => g.results));
  if (!shape || !grid) return [];
  const epsilon = grid.epsilons[grid.epsilons.length >> 1];
  return [{
    title: `Images before and after ${grid.attack} at ε ${epsilon}`,
    panels: first.map((g) => examplesPanel(g, shape, names)),
    caption: "Upper row: images as they are, with the network's answer. Middle: the change, on a " +
      "scale of its own, grey where there is none. Lower row: after the attack.",
  }];
}

function examplesPanel(
  { label, results }: RobustGroup,
  shape: readonly [number, number, number],
  names: readonly string[],
): Panel {
  const decoded = results[0]!.examples.map((e) => ({
    ...e,
    from: bytesOf(e.image),
    to: bytesOf(e.attacked),
  }));
  const name = (k: number): string => names[k] ?? String(k);
  const rows: GridImage[][] = [
    decoded.map((e) => ({ rgb: pixelsAsRgb(e.from, shape[2]), text: name(e.before) })),
    decoded.map((e) => ({ rgb: changeAsRgb(e.from, e.to, shape[2]) })),
    decoded.map((e) => ({ rgb: pixelsAsRgb(e.to, shape[2]), text: name(e.after) })),
  ];
  return imageGrid(rows, [shape[0], shape[1]], `Attacked images of the network ${label}`, label);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
