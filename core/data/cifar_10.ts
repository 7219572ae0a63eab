/**
 * CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009): 60,000
 * photographs of ten kinds of thing.
 *
 * @module
 */

import { cifarSource } from "./cifar_source.ts";
import type { DatasetSource } from "./dataset.ts";

/**
 * The binary version of CIFAR-10. The digest is that of the archive whose MD5 the authors' page
 * publishes, c32a1d4ab5d03f1284b67883e8d87530.
 */
export const cifar10: DatasetSource = cifarSource({
  name: "cifar-10",
  description: "50,000 + 10,000 photographs of ten kinds of thing, 32×32 in colour; " +
    "from --data DIR or downloaded",
  classNames: [
    ...["airplane", "automobile", "bird", "cat", "deer"],
    ...["dog", "frog", "horse", "ship", "truck"],
  ],
  normalisation: { mean: [0.4914, 0.4822, 0.4465], deviation: [0.247, 0.2435, 0.2616] },
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: ["test_batch.bin"],
  archive: {
    name: "cifar-10-binary.tar.gz",
    digest: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
  },
  folder: "cifar-10-batches-bin",
  mirrors: ["https://www.cs.toronto.edu/~kriz/"],
});
