import type {
  Activation,
  Algebra,
  Initialiser,
  Layer,
  Matrix,
  Pass,
  Tensor,
} from "../../core/mod.ts";
import { glorotNormal, normalOf } from "../initialisers.ts";
import { linear } from "../linear.ts";
import { sequential } from "../sequential.ts";
import { biasSpec, type WeightOptions } from "../weights.ts";
import type { Conservation } from "./conservation.ts";
import { Domain, type FunctionDomain, type FunctionSpace } from "./function_space.ts";

/** Settings of {@linkcode deepOnet}. */
export interface DeepOnetOptions {
  /** Where inputs and outputs are known. */
  readonly domain: FunctionDomain;
  /** Neurons of each hidden layer of the branch, which sees the input function. */
  readonly branch: readonly number[];
  /** Neurons of each hidden layer of the trunk, which sees a node. */
  readonly trunk: readonly number[];
  /** Functions that outputs are made of, p. */
  readonly modes: number;
  /** How invariants are respected, such as `conservations.get("hard-special")`. */
  readonly conservation: Conservation;
  /** How the matrices of the branch are stored; default in full. */
  readonly format?: WeightOptions;
  /** Start of the weights; default Glorot normal. */
  readonly initialiser?: Initialiser;
}

/** A network from functions to functions. */
export interface DeepOnet extends Layer {
  /** Where functions are known, and what is conserved. */
  readonly domain: FunctionDomain;
  /** Names of the weights of the branch. */
  readonly branch: readonly string[];
  /**
   * The map in float64, in which conservation holds to that precision.
   *
   * @param weights Every weight in full, by name; biases are rows.
   * @returns batch×nodes to batch×nodes.
   */
  exact(weights: ReadonlyMap<string, Matrix>): (x: Matrix) => Matrix;
}

/**
 * A network between functions on the nodes of a quadrature (Lu et al., Nature Machine Intelligence
 * 3, 2021): y(v) = Σ_k b_k(x) t_k(v) with a branch b of the function x and a trunk t of the node v,
 * both with tanh. What the functions t become, and so what y conserves, is the conservation's
 * (arXiv 2402.16613).
 *
 * @returns batch×nodes to batch×nodes.
 * @throws {RangeError} When the domain or a size makes no sense.
 *
 * @example Outputs have no mean, whatever the weights
 * ```ts
 * import { conservations, deepOnet } from "@rankflow/rankflow/layers";
 * import { fit, matrix } from "@rankflow/rankflow";
 * import { assertLess } from "@std/assert";
 *
 * const nodes = matrix([0.125, 0.375, 0.625, 0.875], 4, 1);
 * const weights = Float64Array.of(0.25, 0.25, 0.25, 0.25);
 * const network = deepOnet({
 *   domain: { nodes, weights, invariants: matrix([1, 1, 1, 1], 4, 1) },
 *   branch: [8],
 *   trunk: [8],
 *   modes: 3,
 *   conservation: conservations.get("hard-special"),
 * });
 * const data = { x: [[1, 0, 0, 1], [0, 1, 1, 0]], y: [[1, -1, 0, 0], [0, 0, 1, -1]] };
 * using model = await fit(network, data, { epochs: 2, holdOut: 0, backend: "cpu" });
 * const { data: y } = await model.predict([[1, 2, 3, 4]]);
 * assertLess(Math.abs(y[0]! + y[1]! + y[2]! + y[3]!), 1e-5);
 * ```
 */
export function deepOnet(options: DeepOnetOptions): DeepOnet {
  const { modes, conservation, format, initialiser = glorotNormal } = options;
  const domain = new Domain(options.domain);
  const { nodes } = options.domain;
  const sizes = {
    branch: [nodes.rows, ...options.branch, modes],
    trunk: [nodes.cols, ...options.trunk, modes],
  };
  const branch = chain("branch", sizes.branch, "identity", { initialiser, ...format });
  const trunk = shifted(chain("trunk", sizes.trunk, "tanh", { initialiser }));
  const bias = conservation.bias ? biasSpec("output", 1) : undefined;
  const trunkOn = (pass: Pass): Tensor => {
    const x = pass.engine.tensor(Float32Array.from(nodes.data), [nodes.rows, nodes.cols]);
    return trunk.forward(pass, x);
  };
  return {
    weights: [...branch.weights, ...trunk.weights, ...(bias ? [bias] : [])],
    domain: options.domain,
    branch: branch.weights.map(({ name }) => name),
    forward(pass, x) {
      const functions = conserving(conservation, domain, domain.on(pass.engine), trunkOn(pass));
      const y = pass.engine.matMul(branch.forward(pass, x), functions, { transposeRight: true });
      return bias ? pass.engine.add(y, pass.dense(bias.name)) : y;
    },
    ...(conservation.penalty && {
      penalty(pass: Pass): Tensor {
        const space = domain.on(pass.engine);
        const functions = space.algebra.weighted(trunkOn(pass), { rows: domain.roots });
        return conservation.penalty!(pass.engine, space, functions);
      },
    }),
    exact(weights) {
      const { exact: space } = domain;
      const trunkValues = exactChain(space.algebra, "trunk", weights, "tanh")(nodes);
      const functions = conserving(conservation, domain, space, trunkValues);
      const coefficients = exactChain(space.algebra, "branch", weights, "identity");
      const shift = bias ? weights.get(bias.name)!.data[0]! : 0;
      return (x) => {
        const y = space.algebra.multiply(coefficients(x), functions, { transposeRight: true });
        return bias ? { ...y, data: y.data.map((v) => v + shift) } : y;
      };
    },
  };
}

/** Functions that outputs are made of, from those of the trunk. */
function conserving<M>(
  { basis }: Conservation,
  { roots, inverseRoots }: Domain,
  space: FunctionSpace<M>,
  trunk: M,
): M {
  if (!basis) return trunk;
  const { algebra: a } = space;
  return a.weighted(basis(space, a.weighted(trunk, { rows: roots })), { rows: inverseRoots });
}

/** Linear maps with tanh between them. */
function chain(
  name: string,
  sizes: readonly number[],
  last: Activation,
  options: WeightOptions,
): Layer {
  const maps = sizes.slice(0, -1).map((inputs, k) =>
    linear({
      ...options,
      name: `${name}${k}`,
      inputs,
      outputs: sizes[k + 1]!,
      activation: k === sizes.length - 2 ? last : "tanh",
    })
  );
  return sequential(maps);
}

/**
 * Biases that start at random: without any, functions of a trunk with tanh are odd, and those that
 * shall become even have far to go.
 */
function shifted(layer: Layer): Layer {
  const initialiser = normalOf(1);
  return {
    ...layer,
    weights: layer.weights.map((w) => w.name.endsWith(".bias") ? { ...w, initialiser } : w),
  };
}

/** The same in float64. */
function exactChain(
  a: Algebra<Matrix>,
  name: string,
  weights: ReadonlyMap<string, Matrix>,
  last: "tanh" | "identity",
): (x: Matrix) => Matrix {
  const count = [...weights.keys()].filter((key) =>
    /\d+\.weight$/.test(key) && key.startsWith(name)
  );
  const maps = count.map((_, k) => ({
    weight: weights.get(`${name}${k}.weight`)!,
    bias: weights.get(`${name}${k}.bias`)!.data,
    curved: k < count.length - 1 || last === "tanh",
  }));
  return (x) =>
    maps.reduce((z, { weight, bias, curved }) => {
      const { rows, cols, data } = a.multiply(z, weight);
      const before = data.map((v, i) => v + bias[i % cols]!);
      return { rows, cols, data: curved ? before.map(Math.tanh) : before };
    }, x);
}
