/**
 * Runs the engine package's own install script, which brings a ready-made addon and libtensorflow.
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
import { PACKAGE_NAME, packageFolder } from "./packages.ts";
import { runTool } from "./run_tool.ts";

/** Variables by which the script's user points it at another host. */
const MIRRORS = ["TFJS_NODE_BASE_URI", "TFJS_NODE_CDN_STORAGE", "CDN_STORAGE"] as const;
/** Milliseconds that the host may take for its first answer. */
const PATIENCE = 10_000;

/**
 * Installs the package with npm, its scripts allowed, and moves what they brought into `folder`.
 *
 * @param folder Folder that the addon is put into.
 * @returns The addon's file.
 * @throws {Error} When the host cannot be reached, npm is missing or the script fails.
 */
export async function installAddon(folder: string): Promise<string> {
  await expectReachable(await downloadHost());
  const workshop = `${folder}/install`;
  await Deno.mkdir(workshop, { recursive: true });
  try {
    await npmInstall(workshop);
    const installed = `${workshop}/node_modules/${PACKAGE_NAME}`;
    await expectAddon(installed);
    await takeOver(installed, folder);
  } finally {
    await Deno.remove(workshop, { recursive: true });
  }
  return addonFile(folder);
}

/** The host that the script downloads from. */
async function downloadHost(): Promise<string> {
  for (const name of MIRRORS) {
    const mirror = Deno.env.get(name);
    if (mirror) return mirror;
  }
  const file = await Deno.readTextFile(`${await packageFolder()}/package.json`);
  return (JSON.parse(file) as { binary: { host: string } }).binary.host;
}

/**
 * Asks the host for anything at all: every answer shows that it is there.
 *
 * @throws {Error} When none comes.
 */
export async function expectReachable(url: string): Promise<void> {
  const { host } = new URL(url);
  try {
    const answer = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE) });
    await answer.body?.cancel();
  } catch {
    throw new Error(
      `Cannot download TensorFlow: expected an answer from ${host}, got none; ` +
        "get a wheel (pip download --no-deps tensorflow), unzip it and give its folder with " +
        "--libtensorflow",
    );
  }
}

async function npmInstall(workshop: string): Promise<void> {
  const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
  const options = ["--prefix", workshop, "--no-audit", "--no-fund", "--ignore-scripts=false"];
  await runTool(npm, ["install", ...options, `${PACKAGE_NAME}@${PACKAGE_VERSION}`], {
    action: "install the TensorFlow addon",
    remedy: "install Node",
  });
}

async function expectAddon(installed: string): Promise<void> {
  if (await exists(addonFile(installed))) return;
  throw new Error(
    `Cannot install the TensorFlow addon: expected ${addonFile(installed)} after the install ` +
      "script, got no such file; build it with --libtensorflow",
  );
}

/** The addon finds libtensorflow by a path relative to its own: both move together. */
async function takeOver(installed: string, folder: string): Promise<void> {
  for (const part of ["lib", "deps"]) {
    await Deno.remove(`${folder}/${part}`, { recursive: true }).catch(() => {});
    await Deno.rename(`${installed}/${part}`, `${folder}/${part}`);
  }
  const record: AddonRecord = {
    libtensorflow: `${folder}/deps/lib`,
    packageVersion: PACKAGE_VERSION,
  };
  await Deno.writeTextFile(recordFile(folder), JSON.stringify(record) + "\n");
}
