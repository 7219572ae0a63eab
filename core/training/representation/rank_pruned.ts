import type { Tensor } from "../../backend/mod.ts";
import type { Representation } from "../representation.ts";
import { dense } from "./dense.ts";

/** Whole weights whose rank is known: that of their last truncation. */
export const rankPruned: Representation = {
  ...dense,
  rank: ({ rank }) => rank as number | undefined,

  async singularValues({ algebra: a }, { value }) {
    const { size, shape } = value as Tensor;
    const columns = shape.at(-1)!;
    return (await a.svd(a.reshape(value as Tensor, size / columns, columns))).sigma;
  },
};
