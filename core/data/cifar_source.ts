/**
 * Data sets in the record files of CIFAR-10: found in a folder, or downloaded into it.
 *
 * @module
 */

import { join } from "node:path";
import { writeAtomic } from "../io/mod.ts";
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
import { contradiction, enumerate, locate, unpack } from "./files.ts";
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

/** Paths of the files that are there. */
type Paths = Readonly<Record<Purpose, readonly string[]>>;

/**
 * Makes a source of a collection.
 *
 * Record files are taken from the folder, or the folder of the archive in it, plain or gzip, with
 * any number of records; of the training files, any will do. Where there is none for one of the
 * purposes, the archive is downloaded, checked and unpacked for that purpose.
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
  const paths = await provide(collection, directory, options);
  const { name, classNames, normalisation } = collection;
  const train = await readSplit(paths.train, classNames.length);
  const test = await readSplit(paths.test, classNames.length);
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

/** Paths of the record files, after a download where a purpose has none. */
async function provide(
  collection: CifarCollection,
  directory: string,
  options: LoadOptions,
): Promise<Paths> {
  const found = await findAll(collection, directory);
  const missing = (["train", "test"] as const).filter((purpose) => found[purpose].length === 0);
  if (missing.length === 0) return found;
  const names = missing.flatMap((purpose) => collection[purpose]);
  const refuse = (why: string, cause?: unknown) =>
    new Error(
      `Cannot load ${collection.name}: ${why}. Put ${enumerate(names)} (plain or .gz` +
        `${
          missing.includes("train") ? ", or some of the training ones" : ""
        }) into ${directory}, ` +
        "or name the folder that has them with --data DIR",
      { cause },
    );
  if (options.offline) throw refuse("files are missing and downloads are switched off");
  try {
    await fetchFiles(collection, names, directory, options);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
  return await findAll(collection, directory);
}

async function findAll(collection: CifarCollection, directory: string): Promise<Paths> {
  const find = async (names: readonly string[]): Promise<string[]> => {
    const paths = await Promise.all(
      names.map(async (name) =>
        await locate(directory, name) ?? await locate(join(directory, collection.folder), name)
      ),
    );
    return paths.filter((path) => path !== undefined);
  };
  return { train: await find(collection.train), test: await find(collection.test) };
}

/** Downloads the archive and leaves of it only the files that were asked for. */
async function fetchFiles(
  { archive, folder, mirrors, patience }: CifarCollection,
  names: readonly string[],
  directory: string,
  { onProgress }: LoadOptions,
): Promise<void> {
  const check = (bytes: Uint8Array) => Promise.resolve(contradiction(bytes, archive.digest));
  const path = await download(archive.name, directory, { mirrors, check, onProgress, patience });
  const files = readTar(await unpack(await Deno.readFile(path), path), path);
  for (const name of names) {
    const content = files.get(`${folder}/${name}`);
    if (!content) throw new Error(`expected ${folder}/${name} in ${archive.name}, found none`);
    await writeAtomic(join(directory, name), content);
  }
  await Deno.remove(path);
}

/** The records of all files, one file after another. */
async function readSplit(paths: readonly string[], classes: number): Promise<Split> {
  const parts: Split[] = [];
  for (const path of paths) {
    const bytes = await unpack(await Deno.readFile(path), path);
    parts.push(parseCifar(bytes, classes, path));
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
