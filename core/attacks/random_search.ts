import type { Random } from "../random.ts";
import { Best, everyOne, look, stillStanding } from "./ascent.ts";
import { type AttackProblem, streams } from "./attack.ts";
import { type Ball, forRows } from "./ball.ts";
import { margin } from "./objectives.ts";

/**
 * Changes an image in place.
 *
 * @param k Index of the image within the problem.
 * @param row The image.
 * @param centre The image before the attack.
 * @param random Its own random numbers.
 */
export type Proposal = (
  k: number,
  row: Float32Array,
  centre: Float32Array,
  random: Random,
) => void;

/**
 * Random search that sees logits only: of each image the proposals are kept that raise the margin
 * on the wrong side, until it is misclassified or the queries are used up.
 *
 * @param stream Name of the random numbers.
 * @param ball Where the images must stay.
 * @param proposals What to try at a query, for the images that still stand.
 */
export async function randomSearch(
  whole: AttackProblem,
  stream: string,
  ball: Ball,
  queries: number,
  proposals: (p: AttackProblem, query: number) => Proposal,
): Promise<Float32Array> {
  const best = new Best(whole);
  best.offer(whole, everyOne(whole), whole.images, await look(whole, whole.images, margin));
  const random = streams(whole, stream);
  const values = new Float64Array(random.length).fill(-Infinity);
  let { p, chosen, x } = stillStanding(whole, everyOne(whole), whole.images.slice(), best);
  for (let query = 0; query < queries && chosen.length > 0; query++) {
    const propose = proposals(p, query);
    const candidates = x.slice();
    forRows(chosen.length, [candidates, p.images], (k, row, centre) => {
      propose(k, row!, centre!, random[chosen[k]!]!);
      ball.project(row!, centre!, p.radii[k]!);
    });
    const view = await look(p, candidates, margin);
    best.offer(p, chosen, candidates, view);
    forRows(chosen.length, [x, candidates], (k, row, candidate) => {
      if (view.values[k]! <= values[chosen[k]!]!) return;
      values[chosen[k]!] = view.values[k]!;
      row!.set(candidate!);
    });
    ({ p, chosen, x } = stillStanding(p, chosen, x, best));
  }
  return best.images;
}
