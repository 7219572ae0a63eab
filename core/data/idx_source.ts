/**
 * Data sets in the four files of MNIST: found in a folder, or downloaded into it.
 *
 * @module
 */

import { join } from "node:path";
import { readBytes, shorten } from "../io/mod.ts";
import { cacheDirectory } from "./cache_directory.ts";
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
import { type IdxArray, parseIdx } from "./idx.ts";

/** One of the four files. */
export interface IdxFile {
  /** Name without `.gz`. */
  readonly name: string;
  /** Images or labels in the published file. */
  readonly count: number;
  /** Digest of the unpacked published file, hexadecimal: SHA-256 or, by its length, MD5. */
  readonly digest: string;
}

/** What tells one data set in this format from another. */
export interface IdxCollection {
  /** Registry name, also the name of its folder in the cache. */
  readonly name: string;
  /** One line for `task list`. */
  readonly description: string;
  /** A name for each class. */
  readonly classNames: readonly string[];
  /** Height and width of an image. */
  readonly extent: readonly [number, number];
  /** Addresses of folders that hold the files with `.gz` at the end, the best first. */
  readonly mirrors: readonly string[];
  /** Mean and standard deviation of the training pixels, as publications round them. */
  readonly normalisation?: Normalisation;
  /** Folders within the one of the data in which other programs put the files. */
  readonly folders?: readonly string[];
  /** Training images, training labels, test images, test labels. */
  readonly files: readonly [IdxFile, IdxFile, IdxFile, IdxFile];
  /** Milliseconds without any byte after which a mirror is given up; default 30,000. */
  readonly patience?: number;
}

/** A file with its content. */
interface Found {
  readonly path: string;
  readonly array: IdxArray;
}

/**
 * Makes a source of a collection.
 *
 * Files are taken from the folder or one of those in it that the collection names, plain or gzip,
 * with any number of images; those that have the published number must have the published content,
 * too. Names may be spelt with a dot, as in `train-images.idx3-ubyte`. What is missing is downloaded,
 * unless it lies there in a form that is not read, which is an error.
 */
export function idxSource(collection: IdxCollection): DatasetSource {
  return {
    name: collection.name,
    description: collection.description,
    load: (options) => load(collection, options),
  };
}

async function load(collection: IdxCollection, options: LoadOptions): Promise<Dataset> {
  const directory = options.directory ?? join(cacheDirectory(), collection.name);
  const paths = await provide(collection, directory, options);
  const found: Found[] = [];
  const isOurs = options.directory === undefined;
  for (const [i, path] of paths.entries()) {
    found.push(await open(path, collection.files[i]!, isOurs));
  }
  const [trainImages, trainLabels, testImages, testLabels] = found;
  const { name, classNames, extent, normalisation } = collection;
  const train = pair(collection, trainImages!, trainLabels!);
  const test = pair(collection, testImages!, testLabels!);
  return seal({
    name,
    shape: [...extent, 1],
    classes: classNames.length,
    classNames,
    ...(normalisation ? { normalisation } : {}),
    train: firstImages(train, options.trainCount, "training"),
    test: firstImages(test, options.testCount, "test"),
  });
}

/** Paths of the four files, after downloading those that are not there. */
async function provide(
  collection: IdxCollection,
  directory: string,
  options: LoadOptions,
): Promise<string[]> {
  await checkFolder(directory);
  const folders = [directory, ...(collection.folders ?? []).map((f) => join(directory, f))];
  const paths = await Promise.all(
    collection.files.map(({ name }) => locate(folders, [name, name.replace("-idx", ".idx")])),
  );
  const missing = collection.files.filter((_, i) => paths[i] === undefined);
  if (missing.length > 0) {
    const wanted = `${enumerate(missing.map((f) => f.name))} (plain or .gz)`;
    await fetchMissing(
      { collection: collection.name, directory, wanted },
      options,
      async () => {
        for (const file of missing) {
          paths[collection.files.indexOf(file)] = await fetchFile(
            collection,
            file,
            directory,
            options,
          );
        }
      },
    );
  }
  return paths.map((path) => path!);
}

function fetchFile(
  { mirrors, patience }: IdxCollection,
  file: IdxFile,
  directory: string,
  { onProgress, signal }: LoadOptions,
): Promise<string> {
  const packed = `${file.name}.gz`;
  const check = (bytes: Uint8Array) => contradiction(unpack(bytes, packed), file.digest);
  return download(packed, directory, { mirrors, check, onProgress, patience, signal });
}

/** @param isOurs Whether this program may have put the file there. */
async function open(path: string, file: IdxFile, isOurs: boolean): Promise<Found> {
  const bytes = unpack(await readBytes(path), path);
  const array = parseIdx(bytes, path);
  const wrong = array.shape[0] === file.count ? contradiction(bytes, file.digest) : undefined;
  if (wrong === undefined) return { path, array };
  const advice = isOurs
    ? "delete the file to have it downloaded again"
    : "name the folder of another copy with --data DIR";
  throw new Error(`Cannot trust ${path}: ${wrong}; ${advice}`);
}

/** Images with their labels, when they fit together. */
function pair(collection: IdxCollection, images: Found, labels: Found): Split {
  const [count, ...extent] = images.array.shape;
  const refuse = (path: string, expected: string, got: string) =>
    new Error(`Cannot use ${path} for ${collection.name}: expected ${expected}, got ${got}`);
  if (extent.join() !== collection.extent.join()) {
    const shape = ["n", ...collection.extent].join("×");
    throw refuse(images.path, `extents ${shape}`, shorten(images.array.shape.join("×")));
  }
  if (count === 0) throw refuse(images.path, "at least one image", "none");
  if (labels.array.shape.length !== 1 || labels.array.shape[0] !== count) {
    const got = `${shorten(labels.array.shape.join("×"))} labels`;
    throw refuse(labels.path, `${count} labels, one for each image in ${images.path}`, got);
  }
  const classes = collection.classNames.length;
  const stray = labels.array.data.findIndex((label) => label >= classes);
  if (stray >= 0) {
    const got = `${labels.array.data[stray]} at position ${stray}`;
    throw refuse(labels.path, `labels below ${classes}`, got);
  }
  return { count: count!, images: images.array.data, labels: labels.array.data };
}
