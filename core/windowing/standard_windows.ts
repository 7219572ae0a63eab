/**
 * The windows of Schotthöfer, Zhou, Albring and Gauger, "Windowing regularization techniques for
 * unsteady aerodynamic shape optimization" (arXiv 2412.00604, AIAA Journal 59, 2021).
 *
 * @module
 */

import { defineWindow, type TimeWindow, windows } from "./window.ts";

/** w = 1: the plain mean. Averages converge with order 1, sensitivities not at all. */
export const squareWindow: TimeWindow = windows.add({
  name: "square",
  description: "constant weight: averages of order 1, sensitivities do not converge",
  order: 1,
  weight: (tau) => tau >= 0 && tau <= 1 ? 1 : 0,
});

/** w = 1 − cos 2πτ. */
export const hannWindow: TimeWindow = windows.add({
  name: "hann",
  description: "1 − cos 2πτ: averages of order 3, sensitivities of order 2",
  order: 3,
  weight: hannWeight,
});

/** w = ⅔ (1 − cos 2πτ)². */
export const hannSquareWindow: TimeWindow = windows.add({
  name: "hann-square",
  description: "⅔ (1 − cos 2πτ)²: averages of order 5, sensitivities of order 4",
  order: 5,
  weight: (tau) => 2 / 3 * hannWeight(tau) ** 2,
});

/** w = exp(−1 / (τ − τ²)) / C with C = 0.00702985840660966. */
export const bumpWindow: TimeWindow = windows.add(defineWindow({
  name: "bump",
  description: "exp(−1 / (τ − τ²)): averages and sensitivities faster than any order",
  order: Infinity,
  shape: (tau) => tau > 0 && tau < 1 ? Math.exp(-1 / (tau * (1 - tau))) : 0,
}));

/** 1 − cos 2πτ without cancellation near the ends, where it is exactly zero. */
function hannWeight(tau: number): number {
  const edge = Math.min(tau, 1 - tau);
  return edge > 0 ? 2 * Math.sin(Math.PI * edge) ** 2 : 0;
}
