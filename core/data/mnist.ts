/**
 * MNIST (LeCun, Cortes, Burges, 1998): 70,000 handwritten digits, 28×28 grey.
 *
 * @module
 */

import type { DatasetSource } from "./dataset.ts";
import { idxSource } from "./idx_source.ts";

/**
 * The original MNIST files. The digests are those of the unpacked files; they belong to the packed
 * ones whose MD5 torchvision and TensorFlow Datasets publish (f68b3c2d…, d53e105e…, 9fb629c4…,
 * ec29112d…).
 */
export const mnistDigits: DatasetSource = idxSource({
  name: "mnist",
  description: "60,000 + 10,000 handwritten digits, 28×28 grey; from --data DIR or downloaded",
  classNames: [..."0123456789"],
  normalisation: { mean: [0.1307], deviation: [0.3081] },
  extent: [28, 28],
  folders: ["MNIST/raw", "raw"], // of torchvision
  mirrors: [
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
  ],
  files: [
    {
      name: "train-images-idx3-ubyte",
      count: 60_000,
      digest: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    },
    {
      name: "train-labels-idx1-ubyte",
      count: 60_000,
      digest: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    },
    {
      name: "t10k-images-idx3-ubyte",
      count: 10_000,
      digest: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    },
    {
      name: "t10k-labels-idx1-ubyte",
      count: 10_000,
      digest: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
  ],
});
