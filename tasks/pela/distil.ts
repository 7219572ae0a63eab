/**
 * A network that learns a task and what another one makes of the same inputs.
 *
 * @module
 */

import {
  currentPoints,
  type Layer,
  type Model,
  Pass,
  recordingPass,
  type Task,
  type Tensor,
  type WeightStates,
} from "../../core/mod.ts";

/** What of a teacher counts beside the task. */
export interface Distillation {
  /** Weight of the mean over layers of the mean square of what their outputs differ by. */
  readonly features: number;
  /** Weight of the mean square of what the logits differ by. */
  readonly logits: number;
}

/** A network whose weights stand still. */
export interface Teacher {
  /** The network; its last linear map makes the logits. */
  readonly network: Layer;
  /** Its weights, the caller's. */
  readonly states: WeightStates;
}

/** The network with the outputs of all its linear maps, before activations, where a batch has those of a teacher. */
export function toldOutputs(network: Layer): Layer {
  return {
    ...network,
    forward(pass, x, ...others) {
      if (others.length === 0) return network.forward(pass, x);
      return pass.engine.concat(outputsOf(network, pass, x), 1);
    },
  };
}

/**
 * The loss of the task plus that of features and logits beside a teacher's (PELA, arXiv 2310.10700);
 * measures are those of the task. For networks out of {@linkcode toldOutputs}.
 */
export function distilled(task: Task, teacher: Teacher, { features, logits }: Distillation): Task {
  const points = currentPoints(teacher.network, teacher.states);
  let widths: readonly number[] = [];
  return {
    ...task,
    async prepare(at, batch) {
      const pass = new Pass(at.engine, teacher.network, points, { training: false });
      const outputs = outputsOf(teacher.network, pass, batch.x!);
      widths = outputs.map(({ shape }) => shape[1]!);
      return await Promise.resolve({ ...batch, teacher: at.engine.concat(outputs, 1) });
    },
    loss(model, batch) {
      const { engine } = model;
      const [own, known] = [model.forward(batch.x!, batch.teacher!), batch.teacher!];
      const [mine, theirs] = [parts(model, own, widths), parts(model, known, widths)];
      const scores = mine.at(-1)!;
      const inner = mine.slice(0, -1).map((y, i) => difference(model, y, theirs[i]!));
      const loss = task.loss({ ...model, engine, forward: () => scores }, batch);
      const sum = inner.reduce((a, b) => engine.add(a, b), engine.zeros([]));
      const close = engine.lincomb(1, loss, features / Math.max(1, inner.length), sum);
      return engine.lincomb(1, close, logits, difference(model, scores, theirs.at(-1)!));
    },
  };
}

function outputsOf(network: Layer, pass: Pass, x: Tensor): Tensor[] {
  const seen: Tensor[] = [];
  const batch = x.shape[0]!;
  const told = recordingPass(pass, (_weight, _bias, y) => {
    seen.push(pass.engine.reshape(y, [batch, y.size / batch]));
  });
  network.forward(told, x);
  return seen;
}

function parts({ engine }: Model, rows: Tensor, widths: readonly number[]): Tensor[] {
  let from = 0;
  return widths.map((width) => {
    const part = engine.slice(rows, [0, from], [rows.shape[0]!, width]);
    from += width;
    return part;
  });
}

function difference({ engine }: Model, y: Tensor, t: Tensor): Tensor {
  return engine.scale(1 / y.size, engine.sum(engine.square(engine.sub(y, t))));
}
