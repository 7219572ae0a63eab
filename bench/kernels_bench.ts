import { measure, type Variant } from "./harness.ts";
import { usableBackends } from "./support/backends.ts";
import { beside, CHOLESKY, QR, SVD } from "./support/beside_lapack.ts";
import type { Aim, Bench, BenchOptions, BenchResult, Section } from "./support/definition.ts";
import { inSeconds } from "./support/fastest.ts";
import { startOwn } from "./support/own_worker.ts";
import { onBackends, registered } from "./support/pieces.ts";
import type { Worker } from "./support/worker_client.ts";

/** Workloads by table: what training spends its time on besides products. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "element-wise passes over 256×500": {
    "relu": "elementwise 256 500 relu",
    "lincomb": "elementwise 256 500 lincomb",
    "norm": "elementwise 256 500 norm",
  },
  "factorisations of an integrator at rank 32": {
    "orthonormalize 784×32": "factorise orthonormalize 784 32",
    "orthonormalize 500×64": "factorise orthonormalize 500 64",
    "QR 500×64": "factorise qr 500 64",
    "SVD 64×64": "factorise svd 64 64",
  },
};

/** Columns of bases, and extents of the matrices that truncation decomposes. */
const SMALL = [16, 32, 64, 128, 256];

/** Rows of a basis. */
const ROWS = 500;

/** What our own factorisations may take of the time of LAPACK on one thread. */
const AIM = 2;

const BACKENDS = ["tensorflow", "webgpu", "blas", "wasm"];

/** Element-wise passes and factorisations per backend. */
const bench: Bench = {
  name: "kernels",
  description: "element-wise passes and factorisations per backend",
  pieces: () => {
    // Different operations are not to be compared with each other: each is a table of its own.
    const works = Object.values(GROUPS).flatMap((group) => Object.entries(group));
    const tables = works.map(([label, work]) => [label, { [label]: work }]);
    return onBackends(BACKENDS, Object.fromEntries(tables), { together: true });
  },
  async run(options: BenchOptions): Promise<BenchResult> {
    const { names, notes } = await usableBackends(options, BACKENDS);
    await using stack = new AsyncDisposableStack();
    const workers = new Map<string, Worker>();
    for (const name of names) workers.set(name, stack.use(await startOwn(name)));
    const sections: Section[] = [];
    for (const [title, works] of Object.entries(GROUPS)) {
      const variants = Object.entries(works).flatMap(([label, work]): Variant[] =>
        [...workers].map(([name, worker]) => worker.variant(`${name} ${label}`, work))
      );
      sections.push({ title, figures: inSeconds(await measure(variants, options.measure)) });
    }
    const { names: libraries } = await usableBackends({}, ["blas"]);
    const canCompare = names.includes("wasm") && libraries.length > 0;
    const tables = canCompare ? await smallFactorisations(options) : [];
    return {
      sections: [...sections, ...tables.map(({ section }) => section)],
      aims: tables.map(({ aim }) => aim),
      notes,
    };
  },
};

/** Factorisations by our own SIMD code beside LAPACK's, at the sizes of cores and bases. */
async function smallFactorisations(
  { quick, measure }: BenchOptions,
): Promise<{ section: Section; aim: Aim }[]> {
  await using worker = await startOwn("wasm");
  const sizes = quick ? [16, 64] : SMALL;
  const square = sizes.map((n) => [n, n] as const);
  const shapes = sizes.map((n) => [ROWS, n] as const);
  return await beside(
    worker,
    [
      { ...SVD, title: "wasm, SVD in float64", shapes: square },
      {
        ...SVD,
        title: "wasm, four SVDs at once in float64",
        ours: "svds",
        times: 4,
        shapes: square,
      },
      { ...QR, title: "wasm, basis in float32", ours: "orthonormalize", shapes },
      { ...QR, title: "wasm, thin QR in float32", shapes },
      { ...CHOLESKY, title: "wasm, inverse Cholesky factor in float32", shapes: square },
    ],
    AIM,
    measure,
  );
}

export default await registered(bench);
