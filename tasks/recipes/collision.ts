import { collisionDefaults, collisionSchema } from "../kinetic/collision/options.ts";
import { collisionStudy } from "../kinetic/collision/study.ts";
import { type Recipe, recipe } from "../recipe.ts";

/**
 * A collision operator learnt by networks that keep mass in five ways, or do not (arXiv
 * 2402.16613): errors, invariants, and what comes of them where particles stream and collide.
 */
export const collision: Recipe = recipe({
  name: "collision",
  description: "a collision operator as a network, five ways to keep mass; a minute each",
  defaults: collisionDefaults,
  schema: collisionSchema,
  job: collisionStudy,
});
