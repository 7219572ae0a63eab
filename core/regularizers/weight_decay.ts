import { type Regularizer, regularizers } from "./regularizer.ts";

/** ½‖S‖²_F = ½‖W‖²_F. */
export const weightDecay: Regularizer = regularizers.add({
  name: "weight-decay",
  description: "half the squared norm of the weight",
  defaults: {},
  least: 0,
  async term(a, core) {
    const norm = await a.norm(core);
    return { value: norm ** 2 / 2, gradient: core };
  },
});
