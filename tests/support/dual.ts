/** Dual numbers: derivatives of programs by arithmetic alone, as an oracle for adjoints. */

/** a + b ε with ε² = 0: b is the derivative. */
export interface Dual {
  readonly value: number;
  readonly slope: number;
}

/** A number whose derivative is `slope`, by default that of a constant. */
export function dual(value: number, slope = 0): Dual {
  return { value, slope };
}

/** x + y. */
export function add(x: Dual, y: Dual): Dual {
  return dual(x.value + y.value, x.slope + y.slope);
}

/** x y. */
export function mul(x: Dual, y: Dual): Dual {
  return dual(x.value * y.value, x.slope * y.value + x.value * y.slope);
}

/** α x. */
export function times(alpha: number, x: Dual): Dual {
  return dual(alpha * x.value, alpha * x.slope);
}

/** Σ xᵢ. */
export function total(...xs: readonly Dual[]): Dual {
  return xs.reduce(add);
}
