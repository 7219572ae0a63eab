import {
  augmentedBug,
  type Engine,
  engineAlgebra,
  openHostAlgebra,
  type OptimizerRule,
  optimizerStepper,
  relativeFrobenius,
  type TrainingMethod,
  type Truncation,
} from "../core/mod.ts";

/** How weights move where a recipe has no options for it: the augmented BUG integrator by a rule. */
export async function usualMethod(
  engine: Engine,
  rule: OptimizerRule,
  truncation: Omit<Truncation, "rule">,
): Promise<TrainingMethod> {
  return {
    engine,
    algebra: engineAlgebra(engine, await openHostAlgebra()),
    rule,
    stepper: optimizerStepper(rule),
    integrator: augmentedBug,
    truncation: { rule: relativeFrobenius, ...truncation },
  };
}
