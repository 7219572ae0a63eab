/**
 * Attacks on classifiers of images, as plugins: they search for images near given ones that are
 * classified wrongly. Images are in [0, 1]; networks are evaluated as they are, never changed.
 *
 * @module
 */

export {
  type Attack,
  type AttackDefinition,
  type AttackProblem,
  attacks,
  type AttackSettings,
  defineAttack,
} from "./attack.ts";
export type { BallNorm } from "./ball.ts";
export { type Classifier, classifierOf, type ClassifierParts } from "./classifier.ts";
export {
  type Answer,
  type AttackObjective,
  crossEntropy,
  logitsRatio,
  margin,
} from "./objectives.ts";
export { fgsm, fgsmL2, fgsmMax } from "./fgsm.ts";
export { pgd, pgdL2 } from "./pgd.ts";
export { miFgsm } from "./mi_fgsm.ts";
export { jitter } from "./jitter.ts";
export { mixup } from "./mixup.ts";
export { apgdCe, apgdCeL2, apgdDlr, apgdDlrL2 } from "./apgd.ts";
export { cwL2 } from "./cw.ts";
export { deepfool } from "./deepfool.ts";
export { squareLinf } from "./square.ts";
export { squareL2 } from "./square_l2.ts";
export { auto, autoL2 } from "./ensemble.ts";
export {
  attackImages,
  type AttackOptions,
  type AttackOutcome,
  type AttackProgress,
  imagesOf,
  type LabelledImages,
  leastEpsilon,
  type LeastEpsilonOptions,
  shareOf,
} from "./evaluate.ts";
export {
  type AdversarialObjective,
  type AdversarialOptions,
  type AdversarialTraining,
  adversarialTrainings,
  attackedTraining,
  trades,
} from "./training.ts";
