import { assertEquals, assertMatch } from "@std/assert";
import { backends, openEngine } from "../../../core/backend/mod.ts";
import { unlessPresent } from "../../support/backend_checks.ts";
import {
  assertOutputs,
  type Case,
  outputsOf,
  SLACK,
  type Values,
} from "../../support/kernel_checks.ts";
import { Draws } from "../../support/random_cases.ts";
import { convolutions } from "../../support/random_convolutions.ts";
import { operations } from "../../support/random_operations.ts";
import { sequences } from "../../support/random_sequences.ts";
import { refusals } from "../../support/random_refusals.ts";

/** Relative to the largest entry of an output: float32 with sums of a few hundred terms. */
const TOLERANCE = 1e-5;

/** Settings of each operation: together more than a thousand. */
const DRAWS = { convolution: 80, other: 40 } as const;

/** Of the settings, where each shape is another shader to compile. */
const SHARE: Readonly<Record<string, number>> = { webgpu: 1 / 8 };

/** Backends that refuse tensors without entries. */
const NO_EMPTY: readonly string[] = ["webgpu"];

/** A drawn setting and what it must give. */
interface Drawn {
  readonly drawn: Case;
  readonly expected: Values[];
}

/** Backends meet the same settings: each is drawn, and its loops are run, for the first one only. */
const known = new Map<string, Drawn>();

function drawnOf(generator: typeof operations[number], seed: number, empty: boolean): Drawn {
  const key = `${generator.name} ${seed} ${empty}`;
  const before = known.get(key);
  if (before) return before;
  const drawn = generator.draw(new Draws(seed, empty));
  const found = { drawn, expected: drawn.expected!() };
  known.set(key, found);
  return found;
}

for (const backend of backends.list()) {
  for (const generator of [...convolutions, ...operations, ...sequences]) {
    const all = convolutions.includes(generator) ? DRAWS.convolution : DRAWS.other;
    const draws = all * (SHARE[backend.name] ?? 1);
    const name = `${generator.name} equals plain loops under ${draws} random settings`;
    Deno.test({
      ...await unlessPresent(backend, name),
      // Engines, libraries and devices belong to the process.
      sanitizeResources: false,
      sanitizeOps: false,
      fn: async () => {
        const { engine } = await openEngine(backend.name);
        for (let seed = 0; seed < draws; seed++) {
          const empty = !NO_EMPTY.includes(backend.name);
          const { drawn, expected } = drawnOf(generator, seed, empty);
          const label = `${generator.name}, seed ${seed}: ${drawn.label}`;
          const tolerance = TOLERANCE * (SLACK[backend.name] ?? 1);
          assertOutputs(await outputsOf(engine, drawn), expected, tolerance, label, 0.1);
        }
      },
    });
  }
}

/** The class and the words of an error; undefined where there is none. */
function errorOf(f: () => unknown): string | undefined {
  try {
    f();
    return undefined;
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}

for (const backend of backends.list()) {
  Deno.test({
    ...await unlessPresent(
      backend,
      "300 settings that make no sense are refused, alike everywhere",
    ),
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const { engine } = await openEngine(backend.name);
      const { engine: reference } = await openEngine("cpu");
      for (const [i, make] of refusals.entries()) {
        for (let seed = 0; seed < 50; seed++) {
          const { label, run } = make(new Draws(50 * i + seed, false));
          const [found, wanted] = [engine, reference].map((e) =>
            errorOf(() => e.tidy(() => run(e)))
          );
          assertMatch(found ?? "no error", /^RangeError: Cannot [a-z]/, label);
          assertEquals(found, wanted, label);
        }
      }
    },
  });
}
