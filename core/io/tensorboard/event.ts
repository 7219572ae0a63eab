/**
 * Events and summaries in the encoding of TensorBoard's event.proto and summary.proto.
 *
 * @module
 */

import { bytes, concat, double, doubles, float, text, whole } from "./protobuf.ts";

/** An encoded value of a summary: a number, a histogram or a picture under a name. */
export type SummaryValue = Uint8Array;

/** A picture as it is stored. */
export interface Picture {
  /** Name; a slash parts its group from the rest. */
  readonly tag: string;
  /** Extents in pixels. */
  readonly size: readonly [width: number, height: number];
  /** The file. */
  readonly png: Uint8Array;
}

/** Most buckets of a histogram; as many as TensorBoard's own. */
const BUCKETS = 30;
/** The version of the format, in the first event of every file. */
const VERSION = "brain.Event:2";
/** Of a session's states: it starts. */
const START = 1;
/** Of the colour spaces of a picture: red, green, blue, opacity. */
const RGBA = 4;

/**
 * A number.
 *
 * @param tag Name; a slash parts its group from the rest.
 * @param value Kept in single precision; NaN and infinities too.
 */
export function scalarValue(tag: string, value: number): SummaryValue {
  return concat(text(1, tag), float(2, value));
}

/**
 * The distribution of numbers over equal buckets from the smallest to the largest of them.
 *
 * @param tag Name; a slash parts its group from the rest.
 * @param values At least one, all finite.
 */
export function histogramValue(tag: string, values: readonly number[]): SummaryValue {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const count = least < most ? Math.min(BUCKETS, values.length) : 1;
  const width = (most - least) / count;
  const edges = Array.from(
    { length: count },
    (_, i) => i + 1 < count ? least + width * (i + 1) : most,
  );
  const counts = new Array<number>(count).fill(0);
  for (const value of values) counts[edges.findIndex((edge) => value <= edge)]! += 1;
  const sum = (f: (value: number) => number): number => values.reduce((s, v) => s + f(v), 0);
  const histogram = concat(
    double(1, least),
    double(2, most),
    double(3, values.length),
    double(4, sum((v) => v)),
    double(5, sum((v) => v * v)),
    doubles(6, edges),
    doubles(7, counts),
  );
  return concat(text(1, tag), bytes(5, histogram));
}

/** A picture. */
export function pictureValue({ tag, size: [width, height], png }: Picture): SummaryValue {
  const image = concat(whole(1, height), whole(2, width), whole(3, RGBA), bytes(4, png));
  return concat(text(1, tag), bytes(4, image));
}

/**
 * Values of one moment.
 *
 * @param time Seconds since 1970.
 * @param step Steps done.
 */
export function summaryEvent(
  time: number,
  step: number,
  values: readonly SummaryValue[],
): Uint8Array {
  return event(time, step, bytes(5, concat(...values.map((value) => bytes(1, value)))));
}

/** The first event of a file. */
export function versionEvent(time: number): Uint8Array {
  return event(time, 0, text(3, VERSION));
}

/** Takes back what earlier files say of this step and later ones: the run goes on from before it. */
export function restartEvent(time: number, step: number): Uint8Array {
  return event(time, step, bytes(7, whole(1, START)));
}

function event(time: number, step: number, what: Uint8Array): Uint8Array {
  return concat(double(1, time), whole(2, step), what);
}
