import { assert, assertEquals } from "@std/assert";
import { loadBlas } from "../../../../core/backend/blas/library.ts";
import { betterCore, processorText } from "../../../../core/backend/blas/core_type.ts";

const info = (flags: string): string => `processor\t: 0\nflags\t\t: fpu ${flags}\nbugs\t\t:\n`;
const AVX_512 = "avx fma avx2 avx512f avx512dq avx512bw avx512vl";

Deno.test("betterCore() leaves what OpenBLAS knows, and gives unknown processors the kernels that they can run", () => {
  const cases: [core: string | undefined, flags: string, better: string | undefined][] = [
    ["Prescott", AVX_512, "SkylakeX"],
    ["Barcelona", "avx fma avx2", "Haswell"],
    ["Core2", "avx fma avx2 avx512f", "Haswell"],
    ["Prescott", "avx", "Sandybridge"],
    ["Nehalem", "sse4_2", undefined],
    ["Haswell", AVX_512, undefined],
    ["SapphireRapids", AVX_512, undefined],
    [undefined, AVX_512, undefined],
  ];
  for (const [core, flags, better] of cases) assertEquals(betterCore(core, info(flags)), better);
  assertEquals(betterCore("Prescott", ""), undefined);
});

const library = loadBlas();
const reason = typeof library === "string" ? ` (skipped: ${library})` : "";

Deno.test({
  name: `OpenBLAS runs no kernels without AVX where the processor has it${reason}`,
  ignore: reason !== "",
  fn: () => {
    const { title } = library as Exclude<typeof library, string>;
    const [, core] = /OpenBLAS.*\((\w+)\)/.exec(title) ?? [];
    const byUser = Deno.env.get("OPENBLAS_CORETYPE") !== undefined;
    assert(byUser || betterCore(core, processorText()) === undefined, title);
  },
});
