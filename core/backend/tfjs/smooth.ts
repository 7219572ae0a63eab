/**
 * Smooth activations whose derivative is a function of their input, by name.
 *
 * @module
 */

/** What there is. */
export const SMOOTH_FORMS = ["gelu-exact", "gelu-tanh", "silu"] as const;

/** One of {@linkcode SMOOTH_FORMS}. */
export type SmoothForm = typeof SMOOTH_FORMS[number];

/** √(2/π), by which the tangent of GELU is scaled. */
export const TANGENT_SCALE: number = Math.sqrt(2 / Math.PI);
/** The cubic term in that tangent. */
export const TANGENT_CUBE = 0.044715;
