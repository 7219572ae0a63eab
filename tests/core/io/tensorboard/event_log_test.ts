import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { join } from "node:path";
import fc from "fast-check";
import { EventLog, logPictures, type MetricLine } from "../../../../core/mod.ts";
import { inFolder } from "../../../support/command_line.ts";
import { curve, readEventFile, readEvents } from "../../../support/event_file.ts";

const line = (step: number, more: Partial<MetricLine> = {}): MetricLine => ({
  step,
  epoch: 1,
  loss: step / 4,
  ...more,
});

const FIRST = "events.out.tfevents.000001";

Deno.test("EventLog tells of every part of a line under its name", () =>
  inFolder((folder) => {
    const before = Date.now() / 1000;
    new EventLog(folder, []).append(line(2 ** 40, {
      learningRate: 0.5,
      testLoss: NaN,
      testAccuracy: 0.75,
      ranks: { a: 3, "b/in": 5 },
      discarded: { a: 0 },
      singularValues: { a: [4, 2, 1], "b/in": [] },
      secondsPerStep: 0.25,
    }));
    const [version, event] = readEventFile(join(folder, FIRST));
    assertEquals([version!.version, version!.step], ["brain.Event:2", 0]);
    assertEquals(event!.step, 2 ** 40);
    assert(event!.time >= before && event!.time <= Date.now() / 1000);
    assertEquals(event!.scalars, {
      "loss/train": 2 ** 38,
      "loss/test": NaN,
      "accuracy/test": 0.75,
      "progress/learning rate": 0.5,
      "progress/epoch": 1,
      "progress/seconds per step": 0.25,
      "rank/a": 3,
      "rank/b/in": 5,
      "rank/sum of all": 8,
      "discarded/a": 0,
    });
    const { sum, sumOfSquares, ...rest } = event!.histograms["singular values/a"]!;
    assertEquals(rest, { min: 1, max: 4, num: 3, limits: [2, 3, 4], counts: [2, 0, 1] });
    assertEquals([sum, sumOfSquares], [7, 21]);
    assertEquals(Object.keys(event!.histograms), ["singular values/a"]);
    return Promise.resolve();
  }));

Deno.test("a histogram counts every value once, between its smallest and its largest", () => {
  const numbers = fc.double({ min: -1e300, max: 1e300, noNaN: true });
  return inFolder((folder) => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 80 }), (values) => {
        new EventLog(folder, []).append(line(1, { singularValues: { w: values } }));
        const { min, max, limits, counts, num } = readEvents(folder).at(-1)!
          .histograms["singular values/w"]!;
        assertEquals([min, max, num], [Math.min(...values), Math.max(...values), values.length]);
        assertEquals(counts.reduce((a, b) => a + b), values.length);
        assertEquals(limits.at(-1), max);
        assertLess(limits.length, 31);
        limits.forEach((limit, i) => {
          const upTo = counts.slice(0, i + 1).reduce((a, b) => a + b);
          assertEquals(upTo, values.filter((value) => value <= limit).length);
        });
      }),
      { numRuns: 50 },
    );
    return Promise.resolve();
  });
});

Deno.test("a resumed run takes back the steps that it repeats, and no step is there twice", () =>
  inFolder((folder) => {
    const killed = new EventLog(folder, []);
    for (const step of [1, 2, 3, 4]) killed.append(line(step));
    const resumed = new EventLog(folder, [line(1), line(2)]);
    for (const step of [3, 4, 5]) resumed.append(line(step, { loss: 10 * step }));
    assertEquals([...Deno.readDirSync(folder)].length, 2, "one file for each process");
    const expected = [[1, 0.25], [2, 0.5], [3, 30], [4, 40], [5, 50]];
    assertEquals(curve(readEvents(folder), "loss/train"), expected as [number, number][]);
    return Promise.resolve();
  }));

Deno.test("a run that begins to tell when it is resumed tells of its earlier lines first", () =>
  inFolder((folder) => {
    const log = new EventLog(folder, [line(1), line(2), line(3)]);
    log.append(line(3, { loss: 7 }));
    assertEquals(curve(readEvents(folder), "loss/train"), [[1, 0.25], [2, 0.5], [3, 7]]);
    return Promise.resolve();
  }));

Deno.test("EventLog makes no file before the first line, and leaves those of others alone", () =>
  inFolder(async (folder) => {
    const foreign = join(folder, "events.out.tfevents.1700000000.host.1.0");
    await Deno.writeTextFile(foreign, "theirs");
    const log = new EventLog(folder, []);
    assertEquals([...Deno.readDirSync(folder)].length, 1);
    log.append(line(1));
    assertEquals(await Deno.readTextFile(foreign), "theirs");
    assertEquals(readEventFile(join(folder, FIRST)).length, 2);
  }));

Deno.test("logPictures() adds to the last file, or makes one", () =>
  inFolder((folder) => {
    const png = Uint8Array.of(1, 2, 3);
    logPictures(folder, 9, [{ tag: "report/Loss", size: [640, 480], png }]);
    new EventLog(folder, []).append(line(10));
    logPictures(folder, 10, [{ tag: "report/Loss", size: [64, 48], png }]);
    const images = readEvents(folder).flatMap(({ step, images }) =>
      Object.entries(images).map(([tag, { size }]) => [step, tag, ...size])
    );
    assertEquals(images, [[9, "report/Loss", 640, 480], [10, "report/Loss", 64, 48]]);
    return Promise.resolve();
  }));

Deno.test("EventLog names the file that cannot be written", () =>
  inFolder(async (folder) => {
    const inner = join(folder, "run");
    await Deno.mkdir(inner);
    const log = new EventLog(inner, []);
    log.append(line(1));
    await Deno.remove(inner, { recursive: true });
    const error = assertThrows(() => log.append(line(2)), Error);
    assertEquals(
      error.message,
      `Cannot write ${join(inner, FIRST)}: there is no such file or folder`,
    );
  }));
