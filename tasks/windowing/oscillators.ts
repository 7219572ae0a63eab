/**
 * The oscillators of the study.
 *
 * @module
 */

import type { DifferentiableField } from "../../core/mod.ts";
import { openOscillator, type Oscillator } from "./oscillator.ts";
import { findOrbit, inPeriods } from "./periodic_orbit.ts";
import { type UnsteadyProblem, unsteadyProblems } from "./problem.ts";

/** ẋ = y, ẏ = μ(1 − x²) y − x with the design μ. */
export const vanDerPolField: DifferentiableField = {
  size: 2,
  parameters: 1,
  value(_t, u, p, out) {
    const [x, y] = [u[0]!, u[1]!];
    out[0] = y;
    out[1] = p[0]! * (1 - x * x) * y - x;
  },
  tangent(_t, u, p, v, q, out) {
    const [x, y] = [u[0]!, u[1]!];
    const damping = 1 - x * x;
    out[0] = v[1]!;
    out[1] = (-2 * p[0]! * x * y - 1) * v[0]! + p[0]! * damping * v[1]! + damping * y * q[0]!;
  },
  adjoint(_t, u, p, lambda, toState, toParameters) {
    const [x, y] = [u[0]!, u[1]!];
    const damping = 1 - x * x;
    toState[0]! += (-2 * p[0]! * x * y - 1) * lambda[1]!;
    toState[1]! += lambda[0]! + p[0]! * damping * lambda[1]!;
    toParameters[0]! += damping * y * lambda[1]!;
  },
};

/**
 * The Van der Pol oscillator on its limit cycle.
 *
 * @param design μ > 0.
 * @param observed Component whose square is the output: 0 for x, 1 for ẋ.
 */
export function vanDerPolOscillator(design: number, observed: 0 | 1 = 0): Oscillator & {
  /** dT/dμ. */
  readonly periodSlope: number;
  /** Largest x. */
  readonly amplitude: number;
} {
  const orbit = findOrbit({
    field: inPeriods(vanDerPolField),
    duration: 1,
    start: [2, 0],
    parameters: [design, 2 * Math.PI + design ** 2 / 2],
    // The orbit begins where x is largest: its place and the period are unknown.
    unknowns: [{ v: [1, 0], q: [0, 0] }, { v: [0, 0], q: [0, 1] }],
    observed,
  });
  return {
    field: vanDerPolField,
    design,
    onCycle: orbit.start,
    onCycleSlope: orbit.startSlope,
    offCycle: [2, 0],
    observed,
    period: orbit.parameters[1]!,
    periodSlope: orbit.parameterSlopes[1]!,
    amplitude: orbit.start[0]!,
    average: orbit.average,
    sensitivity: orbit.sensitivity,
  };
}

/** The classical self-excited oscillator. */
export const vanDerPol: UnsteadyProblem = unsteadyProblems.add({
  name: "van-der-pol",
  description: "ẍ − μ(1 − x²) ẋ + x = 0, g = x², design μ",
  title: "Van der Pol oscillator",
  text: "ẍ − μ(1 − x²)ẋ + x = 0 at μ = 1, g = x², σ = μ. The period depends on the design; " +
    "references by shooting for the limit cycle.",
  open: (transient) => openOscillator(vanDerPolOscillator(1), transient),
});

const [OMEGA, BETA] = [2, 0.6];

/** ż = (μ + iω) z − (1 + iβ)|z|² z with the design μ, as x and y. */
export const stuartLandauField: DifferentiableField = {
  size: 2,
  parameters: 1,
  value(_t, u, p, out) {
    const [x, y] = [u[0]!, u[1]!];
    const r = x * x + y * y;
    const [growth, turn] = [p[0]! - r, OMEGA - BETA * r];
    out[0] = growth * x - turn * y;
    out[1] = turn * x + growth * y;
  },
  tangent(_t, u, p, v, q, out) {
    const [x, y] = [u[0]!, u[1]!];
    const r = x * x + y * y;
    const [growth, turn] = [p[0]! - r, OMEGA - BETA * r];
    const dr = 2 * (x * v[0]! + y * v[1]!);
    out[0] = growth * v[0]! - turn * v[1]! + (q[0]! - dr) * x + BETA * dr * y;
    out[1] = turn * v[0]! + growth * v[1]! + (q[0]! - dr) * y - BETA * dr * x;
  },
  adjoint(_t, u, p, lambda, toState, toParameters) {
    const [x, y] = [u[0]!, u[1]!];
    const [a, b] = [lambda[0]!, lambda[1]!];
    const r = x * x + y * y;
    const [growth, turn] = [p[0]! - r, OMEGA - BETA * r];
    const dr = -(a * x + b * y) + BETA * (a * y - b * x);
    toState[0]! += growth * a + turn * b + 2 * x * dr;
    toState[1]! += growth * b - turn * a + 2 * y * dr;
    toParameters[0]! += a * x + b * y;
  },
};

/**
 * The oscillator on its limit cycle z = √μ e^{i(ω − βμ)t}.
 *
 * @param design μ > 0.
 */
export function stuartLandauOscillator(design: number): Oscillator {
  return {
    field: stuartLandauField,
    design,
    onCycle: [Math.sqrt(design), 0],
    onCycleSlope: [0.5 / Math.sqrt(design), 0],
    offCycle: [1, 0],
    observed: 0,
    period: 2 * Math.PI / (OMEGA - BETA * design),
    average: design / 2,
    sensitivity: 0.5,
  };
}

/** The normal form of the onset of oscillation, such as vortex shedding. */
export const stuartLandau: UnsteadyProblem = unsteadyProblems.add({
  name: "stuart-landau",
  description: "ż = (μ + iω) z − (1 + iβ)|z|² z, g = (Re z)², design μ",
  title: "Stuart-Landau oscillator",
  text: "ż = (μ + iω)z − (1 + iβ)|z|²z at μ = ½, ω = 2, β = 0.6, g = (Re z)², σ = μ. The limit " +
    "cycle turns with ω − βμ; J = μ/2 and dJ/dμ = ½ exactly.",
  open: (transient) => openOscillator(stuartLandauOscillator(0.5), transient),
});

const [DAMPING, FORCE, FREQUENCY] = [0.5, 0.6, 0.8];

/** θ″ + γθ′ + sin θ = A cos ωt with the design ω. */
export const pendulumField: DifferentiableField = {
  size: 2,
  parameters: 1,
  value(t, u, p, out) {
    out[0] = u[1]!;
    out[1] = FORCE * Math.cos(p[0]! * t) - DAMPING * u[1]! - Math.sin(u[0]!);
  },
  tangent(t, u, p, v, q, out) {
    out[0] = v[1]!;
    out[1] = -FORCE * t * Math.sin(p[0]! * t) * q[0]! - DAMPING * v[1]! -
      Math.cos(u[0]!) * v[0]!;
  },
  adjoint(t, u, p, lambda, toState, toParameters) {
    toState[0]! -= Math.cos(u[0]!) * lambda[1]!;
    toState[1]! += lambda[0]! - DAMPING * lambda[1]!;
    toParameters[0]! -= FORCE * t * Math.sin(p[0]! * t) * lambda[1]!;
  },
};

/** The pendulum in the time φ = ωt, in which its period does not depend on the design. */
export const pendulumInPhase: DifferentiableField = {
  size: 2,
  parameters: 1,
  value(phi, u, p, out) {
    pendulumField.value(phi / p[0]!, u, p, out);
    for (let i = 0; i < 2; i++) out[i]! /= p[0]!;
  },
  tangent(phi, u, p, v, q, out) {
    const force = FORCE * Math.cos(phi) - DAMPING * u[1]! - Math.sin(u[0]!);
    const change = -DAMPING * v[1]! - Math.cos(u[0]!) * v[0]!;
    out[0] = v[1]! / p[0]! - u[1]! * q[0]! / p[0]! ** 2;
    out[1] = change / p[0]! - force * q[0]! / p[0]! ** 2;
  },
  adjoint(phi, u, p, lambda, toState, toParameters) {
    const force = FORCE * Math.cos(phi) - DAMPING * u[1]! - Math.sin(u[0]!);
    toState[0]! -= Math.cos(u[0]!) * lambda[1]! / p[0]!;
    toState[1]! += (lambda[0]! - DAMPING * lambda[1]!) / p[0]!;
    toParameters[0]! -= (u[1]! * lambda[0]! + force * lambda[1]!) / p[0]! ** 2;
  },
};

/**
 * The forced response of a pendulum, nonlinear but regular.
 *
 * @param design ω; default 0.8.
 */
export function pendulumOscillator(design: number = FREQUENCY): Oscillator {
  const { start, startSlope, average, sensitivity } = findOrbit({
    field: pendulumInPhase,
    duration: 2 * Math.PI,
    start: [1, 0],
    parameters: [design],
    unknowns: [{ v: [1, 0], q: [0] }, { v: [0, 1], q: [0] }],
    observed: 1,
  });
  return {
    field: pendulumField,
    design,
    onCycle: start,
    onCycleSlope: startSlope,
    offCycle: [0, 0],
    observed: 1,
    period: 2 * Math.PI / design,
    average,
    sensitivity,
  };
}

/** A system that is driven with a frequency that is the design. */
export const pendulum: UnsteadyProblem = unsteadyProblems.add({
  name: "pendulum",
  description: "θ″ + γθ′ + sin θ = A cos ωt, g = θ′², design ω",
  title: "Forced pendulum",
  text: "θ″ + γθ′ + sin θ = A cos ωt at γ = 0.5, A = 0.6, ω = 0.8, g = θ′², σ = ω: the mean " +
    "dissipation against the frequency of the force; references by shooting.",
  open: (transient) => openOscillator(pendulumOscillator(), transient),
});
