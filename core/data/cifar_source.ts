/**
 * Data sets in the record files of CIFAR-10: found in a folder, or downloaded into it.
 *
 * @module
 */

import { join } from "node:path";
import { writeAtomic } from "../io/atomic.ts";
import { readBytes, unlessMissing } from "../io/mod.ts";
import { cacheDirectory } from "./cache_directory.ts";
import { CIFAR_SHAPE, parseCifar } from "./cifar_format.ts";
import {
  type Dataset,
  type DatasetSource,
  firstImages,
  type LoadOptions,
  type Normalisation,
  seal,
  type Split,
} from "./dataset.ts";
import { download } from "./download.ts";
import { checkFolder, contradiction, enumerate, fetchMissing, locate, unpack } from "./files.ts";
import { readTar } from "./tar.ts";

/** What tells one data set in this format from another. */
export interface CifarCollection {
  /** Registry name, also the name of its folder in the cache. */
  readonly name: string;
  /** One line for `task list`. */
  readonly description: string;
  /** A name for each class. */
  readonly classNames: readonly string[];
  /** Mean and standard deviation of the training pixels, as publications round them. */
  readonly normalisation?: Normalisation;
  /** Record files for training, in their order. */
  readonly train: readonly string[];
  /** Record files for the test, in their order. */
  readonly test: readonly string[];
  /** Packed tar archive that holds all of them, with the digest of the packed file. */
  readonly archive: { readonly name: string; readonly digest: string };
  /** Folder within the archive. */
  readonly folder: string;
  /** Addresses of folders that hold the archive, each with a closing slash, the best first. */
  readonly mirrors: readonly string[];
  /** Milliseconds without any byte after which a mirror is given up; default 30,000. */
  readonly patience?: number;
}

/** The two purposes, as collections name their files. */
type Purpose = "train" | "test";

/** A file of records: its path, and its content where that came out of an archive. */
interface RecordFile {
  readonly path: string;
  readonly content?: Uint8Array;
}

/** The files of each purpose. */
type RecordFiles = Readonly<Record<Purpose, readonly RecordFile[]>>;

/**
 * Makes a source of a collection.
 *
 * Record files are taken from the folder, or the folder of the archive in it, plain or gzip, with
 * any number of records; of the training files, any will do. Where there is none for one of the
 * purposes, they are taken out of the archive if that lies there, packed or not; otherwise the archive
 * is downloaded, checked and unpacked for that purpose, unless the collection lies there in a form
 * that is not read, which is an error.
 */
export function cifarSource(collection: CifarCollection): DatasetSource {
  return {
    name: collection.name,
    description: collection.description,
    load: (options) => load(collection, options),
  };
}

async function load(collection: CifarCollection, options: LoadOptions): Promise<Dataset> {
  const directory = options.directory ?? join(cacheDirectory(), collection.name);
  const files = await provide(collection, directory, options);
  const { name, classNames, normalisation } = collection;
  const train = await readSplit(files.train, classNames.length);
  const test = await readSplit(files.test, classNames.length);
  return seal({
    name,
    shape: CIFAR_SHAPE,
    classes: classNames.length,
    classNames,
    ...(normalisation ? { normalisation } : {}),
    train: firstImages(train, options.trainCount, "training"),
    test: firstImages(test, options.testCount, "test"),
  });
}

/** The record files, out of an archive or after a download where a purpose has none. */
async function provide(
  collection: CifarCollection,
  directory: string,
  options: LoadOptions,
): Promise<RecordFiles> {
  await checkFolder(directory);
  const found = await findAll(collection, directory);
  const missing = (["train", "test"] as const).filter((purpose) => found[purpose].length === 0);
  if (missing.length === 0) return found;
  const names = missing.flatMap((purpose) => collection[purpose]);
  const packed = await locate([directory], [collection.archive.name.replace(/\.gz$/, "")]);
  if (packed !== undefined) {
    const content = await takeOut(collection, packed, names);
    const filesOf = (purpose: Purpose): readonly RecordFile[] =>
      missing.includes(purpose)
        ? collection[purpose].map((name) => content.get(name)!)
        : found[purpose];
    return { train: filesOf("train"), test: filesOf("test") };
  }
  const others = missing.includes("train") ? ", or some of the training ones" : "";
  const wanted = `${enumerate(names)} (plain or .gz${others})`;
  await fetchMissing(
    { collection: collection.name, directory, wanted },
    options,
    () => fetchFiles(collection, names, directory, options),
  );
  return await findAll(collection, directory);
}

async function findAll(collection: CifarCollection, directory: string): Promise<RecordFiles> {
  const folders = [directory, join(directory, collection.folder)];
  const find = async (names: readonly string[]): Promise<RecordFile[]> => {
    const paths = await Promise.all(names.map((name) => locate(folders, [name])));
    return paths.flatMap((path) => path === undefined ? [] : [{ path }]);
  };
  return { train: await find(collection.train), test: await find(collection.test) };
}

/** Downloads the archive and leaves of it only the files that were asked for. */
async function fetchFiles(
  collection: CifarCollection,
  names: readonly string[],
  directory: string,
  { onProgress, signal }: LoadOptions,
): Promise<void> {
  const { archive, mirrors, patience } = collection;
  const check = (bytes: Uint8Array) => contradiction(bytes, archive.digest);
  const conditions = { mirrors, check, onProgress, patience, signal };
  const path = await download(archive.name, directory, conditions);
  // Another process that downloaded it, too, may have taken the files out and removed it.
  const taken = await unlessMissing(() => takeOut(collection, path, names));
  for (const [name, { content }] of taken ?? []) await writeAtomic(join(directory, name), content);
  await unlessMissing(() => Deno.remove(path));
}

/** Files of an archive by their names; all of them must be there. */
async function takeOut(
  { folder }: CifarCollection,
  archive: string,
  names: readonly string[],
): Promise<Map<string, Required<RecordFile>>> {
  const files = readTar(unpack(await readBytes(archive), archive), archive);
  return new Map(names.map((name) => {
    const path = `${folder}/${name}`;
    const content = files.get(path);
    if (content) return [name, { path: `${path} in ${archive}`, content }];
    throw new Error(`Cannot read ${archive}: expected ${path} in it, got none`);
  }));
}

/** The records of all files, one file after another. */
async function readSplit(files: readonly RecordFile[], classes: number): Promise<Split> {
  const parts: Split[] = [];
  for (const { path, content } of files) {
    parts.push(parseCifar(content ?? unpack(await readBytes(path), path), classes, path));
  }
  return parts.length === 1 ? parts[0]! : concatenate(parts);
}

function concatenate(parts: readonly Split[]): Split {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  return {
    count,
    images: joined(parts.map((part) => part.images)),
    labels: joined(parts.map((part) => part.labels)),
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
