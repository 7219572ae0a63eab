/**
 * The report of federated methods: measures over rounds and bytes, ranks, drift, a table.
 *
 * @module
 */

import type { Figure, Page, ReportKind, RunData, Section, Series } from "../../core/io/mod.ts";
import { lineChart, listOf, seriesColor } from "../../core/io/mod.ts";
import { type FederatedCurve, type FederatedResult, federatedResult } from "../federated/curve.ts";
import { methodTable } from "../federated/table.ts";
import { resultOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";

/** Federated methods beside one another, over rounds and over bytes. */
export const federatedReport: ReportKind = {
  name: "federated",
  description: "federated methods over rounds and bytes, their ranks and drift, a table",
  async build(run: RunData): Promise<Page> {
    const results = resultOf(run, "federated", listOf(federatedResult)) ?? [];
    return {
      title: `${run.config.recipe}: a server and its clients`,
      lead: results.length === 0
        ? "This run has no result yet."
        : "Clients keep their data; what they send and what they reach, round by round.",
      sections: [...await Promise.all(results.map(sectionOf)), settingsSection(run.config)],
      footer: "Bytes are those of weights and flows from the server to all clients and back. " +
        "Numbers that a client holds are weights, what it compares and what it trains, without " +
        "optimizer state and data. This page is rebuilt from the files beside it by “deno task " +
        "report” and the name of their folder.",
    };
  },
};

async function sectionOf(result: FederatedResult): Promise<Section> {
  return {
    heading: result.title,
    tables: [{ ...methodTable(result), numeric: true, caption: `${result.title}, at the end` }],
    figures: await figuresOf(result),
  };
}

async function figuresOf(result: FederatedResult): Promise<Figure[]> {
  const { measure, better, curves } = result;
  const scale = better === "more" ? "linear" : "log";
  const overRounds = (of: (c: FederatedCurve) => readonly number[]): Series[] =>
    curves.map((c, i) => seriesOf(c, i, of(c).map((y, at) => [c.rounds[at]!, y] as const)));
  const overBytes = curves.map((c, i) =>
    seriesOf(c, i, c.values.map((y, at) => [c.bytes[at]!, y] as const))
  );
  const axis = { yTitle: measure, yScale: scale } as const;
  const ranked = overRounds((c) => c.ranks).filter((s) => s.points.length > 0);
  return [
    await figure(`${measure} over rounds`, overRounds((c) => c.values), {
      ...{ ...axis, xTitle: "rounds" },
    }),
    await figure(`${measure} over bytes sent`, overBytes, {
      ...{ ...axis, xTitle: "bytes", xScale: "log" },
    }),
    ...(ranked.length === 0 ? [] : [
      await figure("largest rank over rounds", ranked, {
        ...{ xTitle: "rounds", yTitle: "rank", fromZero: true, steps: true },
      }),
    ]),
    await figure("drift of clients over rounds", overRounds((c) => c.drift), {
      ...{ xTitle: "rounds", yTitle: "distance from the mean", yScale: "log" },
    }),
  ];
}

function seriesOf({ method }: FederatedCurve, i: number, points: Series["points"]): Series {
  return { label: method, color: seriesColor(i), points };
}

async function figure(
  title: string,
  series: readonly Series[],
  options: Omit<Parameters<typeof lineChart>[1], "description">,
): Promise<Figure> {
  const description = `${title} for ${series.map((s) => s.label).join(", ")}`;
  return { title, panels: [await lineChart(series, { ...options, description })], legend: series };
}
