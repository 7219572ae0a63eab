import type { Split } from "../../core/data/mod.ts";

/** Share of test images whose nearest class mean of the training images is that of their class. */
export function nearestMeanAccuracy(train: Split, test: Split, classes = 10): number {
  const size = train.images.length / train.count;
  const means = classMeans(train, classes, size);
  let right = 0;
  for (let i = 0; i < test.count; i++) {
    const pixels = test.images.subarray(i * size, (i + 1) * size);
    const distances = means.map((m) => m.reduce((s, v, j) => s + (v - pixels[j]!) ** 2, 0));
    if (distances.indexOf(Math.min(...distances)) === test.labels[i]) right++;
  }
  return right / test.count;
}

function classMeans(split: Split, classes: number, size: number): Float64Array[] {
  const means = Array.from({ length: classes }, () => new Float64Array(size));
  const counts = new Float64Array(classes);
  for (let i = 0; i < split.count; i++) {
    const mean = means[split.labels[i]!]!;
    counts[split.labels[i]!]!++;
    for (let j = 0; j < size; j++) mean[j]! += split.images[i * size + j]!;
  }
  return means.map((mean, k) => mean.map((v) => v / counts[k]!));
}
