/**
 * The part of a report that lets a reader repeat the run: settings and environment.
 *
 * @module
 */

import type { RunConfig, Section, Table } from "../../core/io/mod.ts";

/**
 * Lists settings, data and environment.
 *
 * @param config What the run was started with.
 * @returns A section of tables.
 */
export function settingsSection(config: RunConfig): Section {
  const general: [string, string][] = [
    ["recipe", config.recipe],
    ["seed", String(config.seed)],
    ["backend", config.backend],
  ];
  if (config.dataset) {
    general.push(["data set", config.dataset.name], ["SHA-256 of the data", config.dataset.sha256]);
  }
  const tables = [
    tableOf("Run", general),
    tableOf("Options", Object.entries(config.settings).map(([k, v]) => [k, show(v)])),
    tableOf("Environment", Object.entries(config.environment ?? {})),
  ];
  return { heading: "How it was run", tables: tables.filter((t) => t.rows.length > 0) };
}

function tableOf(caption: string, rows: readonly (readonly [string, string])[]): Table {
  return { caption, rows };
}

function show(value: unknown): string {
  if (typeof value === "string") return value === "" ? "none" : value;
  if (Array.isArray(value)) return value.map(show).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
