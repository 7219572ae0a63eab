import { NetworkBuilder } from "./builder.ts";
import { type NetworkFamily, networks, scaled } from "./types.ts";

/** Hidden layers, and their neurons at width 1. */
const [LAYERS, NEURONS] = [4, 500];

/** The fully connected network of the publications on low-rank training, for images of any kind. */
export const perceptronFamily: NetworkFamily = networks.add({
  name: "perceptron",
  description: "four hidden layers of 500 neurons",
  create(o) {
    const net = new NetworkBuilder(o).flat();
    for (let i = 1; i <= LAYERS; i++) {
      net.dense({ name: `dense${i}`, outputs: scaled(NEURONS, o), activation: "relu" })
        .drop(`dropout${i}`, o.dropout);
    }
    return net.classify(o.classes);
  },
});
