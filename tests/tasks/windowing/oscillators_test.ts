/** Fields against differences, limit cycles against published and exact values. */

import { assert, assertAlmostEquals, assertLess, assertThrows } from "@std/assert";
import { type DifferentiableField, Random } from "../../../core/mod.ts";
import {
  pendulumField,
  pendulumInPhase,
  pendulumOscillator,
  stuartLandauField,
  stuartLandauOscillator,
  vanDerPolField,
  vanDerPolOscillator,
} from "../../../tasks/windowing/oscillators.ts";
import { findOrbit, inPeriods } from "../../../tasks/windowing/periodic_orbit.ts";

const FIELDS: Record<string, DifferentiableField> = {
  "van der pol": vanDerPolField,
  "stuart-landau": stuartLandauField,
  pendulum: pendulumField,
  "pendulum in phase": pendulumInPhase,
  "van der pol in periods": inPeriods(vanDerPolField),
};

for (const [name, field] of Object.entries(FIELDS)) {
  const random = new Random(3).fork(name);
  const vector = (n: number) => Float64Array.from({ length: n }, () => 0.5 + random.uniform());
  const [u, v, lambda] = [vector(2), vector(2), vector(2)];
  const [p, q] = [vector(field.parameters), vector(field.parameters)];
  const tangent = new Float64Array(2);
  field.tangent(0.7, u, p, v, q, tangent);

  Deno.test(`${name}: the tangent is the derivative, by differences`, () => {
    const at = (h: number): Float64Array => {
      const out = new Float64Array(2);
      field.value(0.7, u.map((x, i) => x + h * v[i]!), p.map((x, i) => x + h * q[i]!), out);
      return out;
    };
    const [minus, plus] = [at(-1e-5), at(1e-5)];
    tangent.forEach((x, i) => assertAlmostEquals(x, (plus[i]! - minus[i]!) / 2e-5, 1e-8));
  });

  Deno.test(`${name}: the adjoint is the transpose of the tangent, and adds`, () => {
    const [toState, toParameters] = [v.map(() => 2), q.map(() => 3)];
    field.adjoint(0.7, u, p, lambda, toState, toParameters);
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
    const added = dot(toState.map((x) => x - 2), v) + dot(toParameters.map((x) => x - 3), q);
    assertAlmostEquals(added, dot(lambda, tangent), 1e-13);
  });
}

/** Computed independently in double precision. */
const VAN_DER_POL = [
  {
    design: 0.5,
    period: 6.3806758018,
    amplitude: 2.0024879304,
    average: 2.0154621783,
    periodSlope: 0.3870553,
    sensitivity: 0.0611457,
  },
  {
    design: 1,
    period: 6.6632868593,
    amplitude: 2.0086198609,
    average: 2.0593769948,
    periodSlope: 0.7315965,
    sensitivity: 0.1113984,
  },
];

for (const { design, ...expected } of VAN_DER_POL) {
  Deno.test(`van der pol at μ = ${design} has its period, amplitude, average and slopes`, () => {
    const found = vanDerPolOscillator(design);
    assertAlmostEquals(found.period, expected.period, 1e-9);
    assertAlmostEquals(found.amplitude, expected.amplitude, 1e-9);
    assertAlmostEquals(found.average, expected.average, 1e-9);
    // The slope of the period is given to seven figures, without rounding.
    assertAlmostEquals(found.periodSlope, expected.periodSlope, 5e-7);
    assertAlmostEquals(found.sensitivity, expected.sensitivity, 1e-7);
  });

  Deno.test(`van der pol at μ = ${design}: ⟨x²⟩ = ⟨ẋ²⟩, and so their slopes`, () => {
    const [place, speed] = [vanDerPolOscillator(design, 0), vanDerPolOscillator(design, 1)];
    assertAlmostEquals(place.average, speed.average, 1e-11);
    assertAlmostEquals(place.sensitivity, speed.sensitivity, 1e-10);
  });
}

Deno.test("stuart-landau: shooting finds the exact cycle, period, average and slope", () => {
  const { design, period, average, sensitivity, onCycle, onCycleSlope } = stuartLandauOscillator(
    0.5,
  );
  const orbit = findOrbit({
    field: inPeriods(stuartLandauField),
    duration: 1,
    start: [0.8, 0],
    parameters: [design, 3.5],
    unknowns: [{ v: [1, 0], q: [0, 0] }, { v: [0, 0], q: [0, 1] }],
    observed: 0,
  });
  assertAlmostEquals(orbit.parameters[1]!, period, 1e-11);
  assertAlmostEquals(orbit.parameterSlopes[1]!, 2 * Math.PI * 0.6 / 1.7 ** 2, 1e-10);
  assertAlmostEquals(orbit.start[0]!, onCycle[0]!, 1e-11);
  assertAlmostEquals(orbit.startSlope[0]!, onCycleSlope[0]!, 1e-10);
  assertAlmostEquals(orbit.average, average, 1e-11);
  assertAlmostEquals(orbit.sensitivity, sensitivity, 1e-10);
});

Deno.test("the pendulum's sensitivity is the derivative of its average, by differences", () => {
  const h = 1e-4;
  const at = (s: number) => pendulumOscillator(0.8 + s * h).average;
  const difference = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
  const { sensitivity } = pendulumOscillator();
  assertLess(Math.abs(sensitivity / difference - 1), 1e-8);
});

Deno.test("findOrbit() says when it does not converge", () => {
  const drift: DifferentiableField = {
    size: 2,
    parameters: 1,
    value: (_t, _u, _p, out) => void out.fill(1),
    tangent: (_t, _u, _p, _v, _q, out) => void out.fill(0),
    adjoint: () => {},
  };
  const problem = {
    field: drift,
    duration: 1,
    start: [0, 0],
    parameters: [1],
    unknowns: [{ v: [1, 0], q: [0] }, { v: [0, 1], q: [0] }] as const,
    observed: 0,
  };
  const error = assertThrows(() => findOrbit(problem), Error);
  assert(error.message.startsWith("Cannot find the periodic orbit"), error.message);
});
