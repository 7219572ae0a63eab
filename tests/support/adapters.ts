/** Adapters on the host in float64, where every formula is held against differences. */

import {
  type Adapter,
  type Algebra,
  type AttachContext,
  type Attached,
  denseField,
  type Matrix,
  matrix,
  mergedWeight,
  Random,
  type Tensor,
  type Tensors,
  tensorsOf,
} from "../../core/mod.ts";
import { gaussian, host, inner, minus, norm } from "./matrices.ts";

/** Attaches on the host. */
export function attachHost(
  adapter: Adapter,
  w: Matrix,
  context: Partial<AttachContext<Matrix>> = {},
): Promise<Attached<Matrix>> {
  const shape = [w.rows, w.cols];
  const gradient = gaussian(new Random(90), w.rows, w.cols);
  return adapter.attach(host, w, {
    name: "a.weight",
    shape,
    random: new Random(5),
    gradient,
    ...context,
  });
}

/** The same weight with what is trained moved at random. */
export function movedFrom(at: Attached<Matrix>, deviation = 0.3): Attached<Matrix> {
  const trained = Object.entries(at.trained).map(([name, x], i) =>
    [name, host.lincomb(1, x, deviation, gaussian(new Random(50 + i), x.rows, x.cols))] as const
  );
  return { ...at, trained: Object.fromEntries(trained) };
}

/** Flows at F, a matrix that is −∇L at the merged weight. */
export function hostFlows(adapter: Adapter, at: Attached<Matrix>, f: Matrix): Tensors<Matrix> {
  const t = tensorsOf(at);
  const scales = adapter.outputs?.(host, t);
  const scaled = scales ? host.hadamard(f, scales) : f;
  return adapter.flows(host, t, {
    field: denseField(host, scaled),
    whole: () => scaled,
    factors: adapter.factors?.(host, t),
    gradients: Object.fromEntries(
      (adapter.anchors ?? []).map((name) => [name, throughOutputs(adapter, at, f, name)]),
    ),
  });
}

/** What the engine finds by itself: the derivative through the factors of outputs. */
function throughOutputs(adapter: Adapter, at: Attached<Matrix>, f: Matrix, name: string): Matrix {
  const bare: Adapter = { ...adapter };
  delete bare.outputs;
  const v = host.hadamard(mergedWeight(host, bare, at), f);
  const sums = host.multiply(matrix(new Float64Array(v.rows).fill(1), 1, v.rows), v);
  const pull = (x: Attached<Matrix>): number => -inner(adapter.outputs!(host, tensorsOf(x)), sums);
  return differences(pull, at, name);
}

/** ½‖W − T‖² of the merged weight, whose −∇ is T − W. */
export function misfit(adapter: Adapter, at: Attached<Matrix>, target: Matrix): number {
  const w = mergedWeight(host, adapter, at);
  return w.data.reduce((sum, x, i) => sum + (x - target.data[i]!) ** 2 / 2, 0);
}

/** Minus the central differences of a function in one trained matrix. */
export function differences(
  f: (at: Attached<Matrix>) => number,
  at: Attached<Matrix>,
  name: string,
  h = 1e-5,
): Matrix {
  const x = at.trained[name]!;
  const along = (i: number, by: number): number => {
    const data = Float64Array.from(x.data);
    data[i]! += by;
    return f({ ...at, trained: { ...at.trained, [name]: matrix(data, x.rows, x.cols) } });
  };
  const found = Array.from(x.data, (_, i) => -(along(i, h) - along(i, -h)) / (2 * h));
  return matrix(found, x.rows, x.cols);
}

/** A weight of the engine in float64. */
export async function onHost(
  a: Algebra<Tensor>,
  { base, trained, frozen }: Attached<Tensor>,
): Promise<Attached<Matrix>> {
  const read = async (x: Tensor): Promise<Matrix> =>
    matrix(await a.read(x), x.shape[0]!, x.shape[1]!);
  const group = async (tensors: Tensors<Tensor>): Promise<Tensors<Matrix>> => {
    const entries = Object.entries(tensors).map(async ([key, x]) => [key, await read(x)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  return { base: await read(base), trained: await group(trained), frozen: await group(frozen) };
}

/** ‖ΔW − T‖² as a share of ‖T‖² after steps along the flows, each with its own best length. */
export async function fitted(adapter: Adapter, target: Matrix, steps: number): Promise<number> {
  let at = await attachHost(
    adapter,
    matrix(new Float64Array(target.data.length), target.rows, target.cols),
  );
  const rest = (x: Attached<Matrix>) => norm(minus(mergedWeight(host, adapter, x), target)) ** 2;
  let rate = 1e-2;
  for (let k = 0; k < steps; k++) {
    const flows = hostFlows(adapter, at, minus(target, mergedWeight(host, adapter, at)));
    const moved = (h: number): Attached<Matrix> => ({
      ...at,
      trained: Object.fromEntries(
        Object.entries(at.trained).map(([key, x]) => [key, host.lincomb(1, x, h, flows[key]!)]),
      ),
    });
    rate *= 2;
    while (rest(moved(rate)) > rest(at) && rate > 1e-12) rate /= 2;
    at = moved(rate);
  }
  return rest(at) / norm(target) ** 2;
}
