/**
 * Compiles the engine package's binding against the libtensorflow of a TensorFlow wheel.
 *
 * The package's own binaries are tied to one old CUDA release; the same C++ sources compile
 * unchanged against the C interface that every current wheel carries.
 *
 * @module
 */

import {
  addonFile,
  type AddonRecord,
  exists,
  PACKAGE_VERSION,
  recordFile,
} from "./addon_folder.ts";
import { headersFolder, packageFolder } from "./packages.ts";
import { runTool } from "./run_tool.ts";

/** Settings of {@linkcode buildAddon}. */
export interface BuildAddonOptions {
  /** The unpacked wheel, or the folder `tensorflow` in it. */
  readonly libtensorflow: string;
  /** Folder that the addon is put into. */
  readonly folder: string;
  /** C++17 compiler; default: the variable `CXX`, else `g++`. */
  readonly compiler?: string;
}

/** Libraries to link, as a wheel for Linux names them. */
const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const;
/** A header that tells that the wheel's C interface is complete. */
const HEADER = "include/tensorflow/c/eager/c_api.h";

/**
 * Builds the addon and writes its record beside it.
 *
 * @returns The addon's file.
 * @throws {Error} When the system, the wheel or the compiler does not serve.
 */
export async function buildAddon(options: BuildAddonOptions): Promise<string> {
  if (Deno.build.os !== "linux") {
    throw new Error(
      `Cannot build the TensorFlow addon: expected Linux, got ${Deno.build.os}; ` +
        "run deno task setup:tensorflow without --libtensorflow",
    );
  }
  const wheel = await findWheel(options.libtensorflow);
  const file = addonFile(options.folder);
  await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  const compiler = options.compiler ?? Deno.env.get("CXX") ?? "g++";
  const unfinished = `${file}.${Deno.pid}.tmp`;
  await runTool(compiler, await compilerArguments(wheel, unfinished), {
    action: "build the TensorFlow addon",
    remedy: "install g++ or set CXX to a C++17 compiler",
  });
  await Deno.rename(unfinished, file);
  const record: AddonRecord = { libtensorflow: wheel, packageVersion: PACKAGE_VERSION };
  await Deno.writeTextFile(recordFile(options.folder), JSON.stringify(record) + "\n");
  return file;
}

/**
 * Finds the folder with libtensorflow and its headers, given it or the one above it.
 *
 * @throws {Error} When neither holds them.
 */
export async function findWheel(folder: string): Promise<string> {
  for (const candidate of [folder, `${folder}/tensorflow`]) {
    const needed = [...LIBRARIES, HEADER].map((name) => exists(`${candidate}/${name}`));
    if ((await Promise.all(needed)).every(Boolean)) return await Deno.realPath(candidate);
  }
  throw new Error(
    `Cannot build against ${folder}: expected ${LIBRARIES.join(", ")} and ${HEADER} in it or in ` +
      "its folder tensorflow, got no such files; get a wheel (pip download --no-deps tensorflow) and unzip it there",
  );
}

async function compilerArguments(wheel: string, output: string): Promise<string[]> {
  const sources = `${await packageFolder()}/binding`;
  return [
    ...["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8"],
    ...["-isystem", `${wheel}/include`, "-isystem", await headersFolder()],
    ...[`${sources}/tfjs_backend.cc`, `${sources}/tfjs_binding.cc`, "-o", output],
    ...[`-L${wheel}`, ...LIBRARIES.map((name) => `-l:${name}`), `-Wl,-rpath,${wheel}`],
  ];
}
