/**
 * What a device is measured by.
 *
 * @module
 */

/** Who does a piece of work: this package, or a script of PyTorch in bench/peers/. */
export type Side = "ours" | "torch_steps.py" | "torch_conv.py";

/** One line of the result. */
export interface Item {
  /** Lines that are to be compared share it. */
  readonly group: string;
  /** What it is within the group. */
  readonly label: string;
  /** Who does it. */
  readonly side: Side;
  /** The workload, in words that the side understands. */
  readonly work: string;
}

/** Sizes of everything. */
interface Sizes {
  readonly products: readonly number[];
  readonly widths: readonly number[];
  readonly ranks: readonly number[];
  readonly networks: readonly string[];
}

/** For a graphics processor. */
const WHOLE: Sizes = {
  products: [512, 2048, 4096, 8192],
  widths: [500, 1024, 2048, 4096, 8192],
  ranks: [32, 64, 128],
  networks: ["vgg-16", "resnet-18"],
};

/** To see that it runs, on a device that is a program. */
const SMALL: Sizes = { products: [32], widths: [24], ranks: [4], networks: [] };

/** Everything, what is compared side by side and large sizes last. */
export function planOf(small: boolean): Item[] {
  const { products, widths, ranks, networks } = small ? SMALL : WHOLE;
  return [
    ...products.flatMap((n): Item[] => {
      const group = `product of ${n}×${n}`;
      return [
        { group, label: "product", side: "ours", work: `product ${n} ${n} ${n} nn` },
        { group, label: "PyTorch product", side: "torch_steps.py", work: `product ${n}` },
      ];
    }),
    ...widths.flatMap((width) => stepItems(width, ranks)),
    ...networks.flatMap(networkItems),
  ];
}

function stepItems(width: number, ranks: readonly number[]): Item[] {
  const group = `training step of four layers of width ${width}`;
  const [first] = ranks;
  const low = ranks.flatMap((rank): Item[] => [
    {
      group,
      label: `augmented-bug, rank ${rank}`,
      side: "ours",
      work: `train augmented-bug ${rank} ${width}`,
    },
    { group, label: `held bases, rank ${rank}`, side: "ours", work: `train held ${rank} ${width}` },
    {
      group,
      label: `PyTorch, factors A Bᵀ, rank ${rank}`,
      side: "torch_steps.py",
      work: `factors-2 ${rank} ${width}`,
    },
    {
      group,
      label: `PyTorch, three passes, rank ${rank}`,
      side: "torch_steps.py",
      work: `dlrt-3-pass ${rank} ${width}`,
    },
  ]);
  return [
    { group, label: "dense", side: "ours", work: `train dense ${first} ${width}` },
    { group, label: "PyTorch dense", side: "torch_steps.py", work: `dense ${first} ${width}` },
    ...low,
  ];
}

function networkItems(network: string): Item[] {
  const group = `training step of ${network}`;
  return [
    { group, label: "dense", side: "ours", work: `convnet step ${network} dense` },
    { group, label: "tucker", side: "ours", work: `convnet step ${network} tucker` },
    {
      group,
      label: "tucker, held bases",
      side: "ours",
      work: `convnet step ${network} tucker held`,
    },
    { group, label: "PyTorch dense", side: "torch_conv.py", work: `net nchw step ${network}` },
  ];
}
