import { assertEquals } from "@std/assert";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
} from "../../../tasks/terminal/format.ts";

function table<T>(name: string, format: (value: T) => string, rows: [T, string][]): void {
  Deno.test(`${name}() picks unit and digits`, () => {
    assertEquals(rows.map(([value]) => [value, format(value)]), rows);
  });
}

table("formatDuration", formatDuration, [
  [0, "0 s"],
  [3.21e-6, "3.21 µs"],
  [0.015, "15.0 ms"],
  [0.9994, "999 ms"],
  [0.99999, "1.00 s"],
  [12.34, "12.3 s"],
  [59.94, "59.9 s"],
  [59.96, "1 min 00 s"],
  [185, "3 min 05 s"],
  [3599.7, "1 h 00 min"],
  [3725, "1 h 02 min"],
  [100_000, "1 d 04 h"],
  [NaN, "–"],
]);

table("formatCount", formatCount, [
  [0, "0"],
  [999, "999"],
  [1000, "1,000"],
  [1234567.4, "1,234,567"],
  [-1234, "-1,234"],
  [Infinity, "–"],
]);

table("formatPercent", formatPercent, [[0.97654, "97.7 %"], [1, "100.0 %"], [NaN, "–"]]);

table("formatNumber", formatNumber, [
  [0, "0"],
  [1, "1.000"],
  [0.09999999, "0.1000"],
  [123.456, "123.5"],
  [99999.6, "100000"],
  [1234567, "1.235e+6"],
  [0.00001234, "1.234e-5"],
  [-0.5, "-0.5000"],
  [NaN, "NaN"],
  [-Infinity, "-∞"],
]);

table("formatBytes", formatBytes, [
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1048575, "1.0 MiB"],
  [9912422, "9.5 MiB"],
]);
