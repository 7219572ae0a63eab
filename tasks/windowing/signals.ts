/**
 * Periodic signals in closed form.
 *
 * @module
 */

import { type OpenUnsteadyProblem, type UnsteadyProblem, unsteadyProblems } from "./problem.ts";

/** Samples per period: enough for sums to stand for integrals. */
const SAMPLES = 200;

/** A signal that is a function of time. */
interface Signal {
  readonly average: number;
  readonly sensitivity: number;
  readonly output: (t: number) => number;
  readonly tangent: (t: number) => number;
}

/** A signal of period one at the design where it is measured. */
function sampled(
  { average, sensitivity, output, tangent }: Signal,
  transient: number,
): OpenUnsteadyProblem {
  const dt = 1 / SAMPLES;
  return {
    period: 1,
    average,
    sensitivity,
    series(periods) {
      const times = Float64Array.from(
        { length: Math.ceil(periods * SAMPLES) + 1 },
        (_, i) => transient + i * dt,
      );
      return { dt, outputs: times.map(output), tangents: times.map(tangent) };
    },
  };
}

/** T = 1 + σ/10 at σ = 0: the derivative of the phase 2πt/T. */
const phaseSlope = (t: number): number => -0.1 * 2 * Math.PI * t;

/** Two harmonics: the average does not depend on the design, but its estimates do. */
export const harmonics: UnsteadyProblem = unsteadyProblems.add({
  name: "harmonics",
  description: "2 + sin φ + ½ cos(2φ + 0.3), φ = 2πt/T",
  title: "Two harmonics",
  text: "g = 2 + sin φ + ½ cos(2φ + 0.3), φ = 2πt/T with T = 1 + σ/10, at σ = 0. J = 2 and " +
    "dJ/dσ = 0 exactly: all that windows see of the design is the period.",
  open: (transient) =>
    sampled({
      average: 2,
      sensitivity: 0,
      output: (t) => 2 + Math.sin(2 * Math.PI * t) + 0.5 * Math.cos(4 * Math.PI * t + 0.3),
      tangent: (t) => (Math.cos(2 * Math.PI * t) - Math.sin(4 * Math.PI * t + 0.3)) * phaseSlope(t),
    }, transient),
});

/** I₀(1) and I₁(1), modified Bessel functions. */
const [I0, I1] = [1.2660658777520084, 0.565159103992485];

/** Pulses: all harmonics, and an average that depends on the design. */
export const pulses: UnsteadyProblem = unsteadyProblems.add({
  name: "pulses",
  description: "exp((1 + σ) cos φ), φ = 2πt/T: all harmonics",
  title: "Pulses",
  text: "g = exp((1 + σ) cos φ), φ = 2πt/T with T = 1 + σ/10, at σ = 0. J = I₀(1) and " +
    "dJ/dσ = I₁(1) exactly, modified Bessel functions: all harmonics are there.",
  open: (transient) =>
    sampled({
      average: I0,
      sensitivity: I1,
      output: (t) => Math.exp(Math.cos(2 * Math.PI * t)),
      tangent: (t) => {
        const [c, s] = [Math.cos(2 * Math.PI * t), Math.sin(2 * Math.PI * t)];
        return Math.exp(c) * (c - s * phaseSlope(t));
      },
    }, transient),
});
