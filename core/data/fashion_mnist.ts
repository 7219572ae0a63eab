/**
 * Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv:1708.07747): clothes in the format of MNIST.
 *
 * @module
 */

import type { DatasetSource } from "./dataset.ts";
import { idxSource } from "./idx_source.ts";

/** The original Fashion-MNIST files; the digests are MD5 of the unpacked files. */
export const fashionMnist: DatasetSource = idxSource({
  name: "fashion-mnist",
  description: "60,000 + 10,000 pieces of clothing, 28×28 grey; from --data DIR or downloaded",
  classNames: [
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
  ],
  normalisation: { mean: [0.286], deviation: [0.353] },
  extent: [28, 28],
  folders: ["FashionMNIST/raw", "raw"], // of torchvision
  mirrors: [
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  ],
  files: [
    {
      name: "train-images-idx3-ubyte",
      count: 60_000,
      digest: "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    },
    {
      name: "train-labels-idx1-ubyte",
      count: 60_000,
      digest: "9018921c3c673c538a1fc5bad174d6f9",
    },
    {
      name: "t10k-images-idx3-ubyte",
      count: 10_000,
      digest: "8181f5470baa50b63fa0f6fddb340f0a",
    },
    {
      name: "t10k-labels-idx1-ubyte",
      count: 10_000,
      digest: "15d484375f8d13e6eb1aabb0c3f46965",
    },
  ],
});
