import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { adviceFor, type Diagnosis, renderDiagnosis } from "../../../tasks/doctor/diagnosis.ts";

const machine = {
  system: "linux x86_64",
  processor: "Some Processor",
  cores: "2",
  deno: "2.9.6",
  memory: String(3 * 2 ** 30),
};

const diagnosis: Diagnosis = {
  machine,
  backends: [
    { name: "webgpu", works: false, reason: "no graphics adapter" },
    {
      name: "blas",
      works: true,
      engine: "OpenBLAS 0.3",
      gflops: { plain: 123.4, left: 120.6, right: 9.96, both: 0.52 },
      factorisations: "native",
    },
  ],
  auto: { chosen: "blas", passedOver: [{ name: "webgpu", reason: "no graphics adapter" }] },
  mpi: { works: true, library: "MPICH 4.0 (libmpich.so.12)", hint: "install MPICH" },
  advice: { name: "webgpu", hint: "install a driver" },
};

Deno.test("renderDiagnosis() tells machine, rates, choice and advice", () => {
  assertEquals(
    renderDiagnosis(diagnosis),
    `Deno 2.9.6 · linux x86_64 · Some Processor · 2 cores · 3.0 GiB memory

GFLOP/s of the product of two 512×512 matrices, in float32:

backend  A B  AᵀB   ABᵀ  AᵀBᵀ  QR, SVD  state
───────  ───  ───  ────  ────  ───────  ───────────────────
webgpu     –    –     –     –  –        no graphics adapter
blas     123  121  10.0   0.5  native   OpenBLAS 0.3

auto takes blas. Passed over: webgpu (no graphics adapter).

Several processes (--comm mpi): MPICH 4.0 (libmpich.so.12).

For the next better one, webgpu: install a driver.`,
  );
});

Deno.test("renderDiagnosis() says when a working backend must be named", () => {
  const [, blas] = diagnosis.backends;
  const backends = [{ ...blas!, reason: "too slow" }];
  assertStringIncludes(
    renderDiagnosis({ ...diagnosis, backends }).replaceAll(/\s+/g, " "),
    "OpenBLAS 0.3; only when named: too slow",
  );
});

Deno.test("renderDiagnosis() is content when the best backend works", () => {
  const { advice: _, ...rest } = diagnosis;
  const text = renderDiagnosis({ ...rest, auto: { chosen: "blas", passedOver: [] } });
  assertStringIncludes(text, "auto takes blas, the best there is.");
  assert(!text.includes("next better"));
});

Deno.test("renderDiagnosis() says how to get MPI where there is none", () => {
  const mpi = { works: false, library: "no MPI library found", hint: "install MPICH" };
  assertStringIncludes(
    renderDiagnosis({ ...diagnosis, mpi }),
    "Several processes (--comm mpi): no MPI library found; install MPICH.",
  );
});

Deno.test("renderDiagnosis() stays within 80 columns whatever drivers and folders are called", () => {
  const words = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(words, words, words, (reason, engine, processor) => {
      const [webgpu, blas] = diagnosis.backends;
      const text = renderDiagnosis({
        machine: { ...machine, processor },
        backends: [{ ...webgpu!, reason }, { ...blas!, engine, reason }],
        auto: { chosen: "blas", passedOver: [{ name: "webgpu", reason }] },
        mpi: { works: false, library: engine, hint: reason },
        advice: { name: "webgpu", hint: reason },
      });
      return text.split("\n").every((line) => [...line].length <= 80);
    }),
  );
});

Deno.test("adviceFor() tells of the backend just better than the one taken", () => {
  const passedOver = [{ name: "webgpu", reason: "a" }, { name: "blas", reason: "b" }];
  assertEquals(adviceFor({ passedOver }, (name) => `get ${name}`), {
    name: "blas",
    hint: "get blas",
  });
  assertEquals(adviceFor({ passedOver: [] }, String), undefined);
});
