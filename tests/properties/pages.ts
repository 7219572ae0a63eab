/** The tables of measured properties, docs/properties.md. `deno task properties` writes them. */

import { integrators } from "../../core/integrators/mod.ts";
import { tuckerIntegrators } from "../../core/integrators/tucker/mod.ts";
import { manifolds } from "../../core/geometry/mod.ts";
import { manifoldFacts, type Part } from "./manifold_measures.ts";
import * as matrix from "./matrix_measures.ts";
import { MATRIX_ROWS, type MatrixRow } from "./matrix_rows.ts";
import * as tucker from "./tucker_measures.ts";
import { TUCKER_ROWS, type TuckerRow } from "./tucker_rows.ts";

/** One column: its heading and what it shows for one method. */
interface Column<R> {
  readonly title: string;
  cell(row: R): Promise<string> | string;
}

const verdict = (holds: boolean): string => holds ? "yes" : "**no**";
const scope = ({ square, rectangular }: matrix.FullRankErrors): string =>
  square < 1e-13 && rectangular > 1e-3
    ? "square only"
    : verdict(Math.max(square, rectangular) < 1e-13);
/** Round-off itself is not told: it changes with every kernel. */
const decade = (x: number): string => `10^${Math.max(-13, Math.ceil(Math.log10(x)))}`;
const roundOff = (x: number): string =>
  x < 1e-12 ? "to round-off" : `**off by ${x.toPrecision(1)}**`;
const path = (ranks: readonly unknown[]): string => ranks.map((r) => `${r}`).join(" → ");

const MATRIX_COLUMNS: readonly Column<MatrixRow>[] = [
  { title: "integrator", cell: ({ item }) => `\`${item.name}\`` },
  { title: "order", cell: ({ item }) => `${item.order}` },
  {
    title: "where F is tangent",
    cell: async ({ item }) => (await matrix.tangentOrder(item)).toFixed(1),
  },
  {
    title: "exact on rank-r flows",
    cell: async ({ item }) => verdict(await matrix.exactness(item) < 1e-10),
  },
  {
    title: "small σ",
    cell: async ({ item }) => `× ${(await matrix.smallSingularValues(item)).toFixed(2)}`,
  },
  {
    title: "full rank is Euler",
    cell: async ({ item }) => scope(await matrix.fullRankErrors(item)),
  },
  {
    title: "descends",
    cell: async ({ item }) => verdict(await matrix.descentExcess(item) < 1e-12),
  },
  {
    title: "symmetry",
    cell: async ({ item }) => verdict(await matrix.asymmetry(item) < 1e-13),
  },
  {
    title: "norm",
    cell: async ({ item }) => verdict(await matrix.normDrift(item) < 1e-8),
  },
  {
    title: "ranks",
    cell: async ({ item }) => path(await matrix.rankPath(item)),
  },
  { title: "F per step", cell: async ({ item }) => `${await matrix.evaluations(item)}` },
  {
    title: "follows A(t)",
    cell: async ({ item }) => verdict(await matrix.followingError(item) < 1e-5),
  },
  {
    title: "one Euler step is Y₀ + h ·",
    cell: ({ item, identity }) =>
      identity
        ? matrix.identityError(item, identity).then((e) => `${identity.formula}, ${roundOff(e)}`)
        : "",
  },
  {
    title: "orthonormal to",
    cell: async ({ item }) => decade(await matrix.orthonormality(item)),
  },
  {
    title: "other bases, same step to",
    cell: async ({ item }) => decade(await matrix.basisDependence(item)),
  },
];

const TUCKER_COLUMNS: readonly Column<TuckerRow>[] = [
  { title: "integrator", cell: ({ item }) => `\`${item.name}\`` },
  { title: "order", cell: ({ item }) => `${item.order}` },
  {
    title: "where F is tangent",
    cell: async ({ item }) => (await tucker.tuckerTangentOrders(item))[0]!.toFixed(1),
  },
  {
    title: "exact on flows of its ranks",
    cell: async ({ item }) => verdict(Math.max(...await tucker.tuckerExactness(item)) < 1e-10),
  },
  {
    title: "small σ",
    cell: async ({ item }) => `× ${(await tucker.tuckerSmallSingularValues(item)).toFixed(2)}`,
  },
  {
    title: "full ranks are Euler",
    cell: async ({ item }) => scope(await tucker.tuckerFullRankErrors(item)),
  },
  {
    title: "descends",
    cell: async ({ item }) => verdict(await tucker.tuckerDescentExcess(item) < 1e-12),
  },
  {
    title: "norm",
    cell: async ({ item }) => verdict(await tucker.tuckerNormDrift(item) < 1e-8),
  },
  {
    title: "ranks",
    cell: async ({ item }) =>
      path((await tucker.tuckerRankPath(item)).map((r) => `(${r.join(", ")})`)),
  },
  {
    title: "F per step",
    cell: async ({ item }) => `${await tucker.tuckerEvaluations(item)}`,
  },
  {
    title: "one Euler step is Y₀ + h ·",
    cell: ({ item, identity }) =>
      identity
        ? tucker.tuckerIdentityError(item, identity)
          .then((e) => `${identity.formula}, ${roundOff(e)}`)
        : "",
  },
  { title: "at order 2 it is", cell: ({ matrix }) => `\`${matrix.name}\`` },
  {
    title: "orthonormal to",
    cell: async ({ item }) => decade(await tucker.tuckerOrthonormality(item)),
  },
  {
    title: "other bases, same step to",
    cell: async ({ item }) => decade(await tucker.tuckerBasisDependence(item)),
  },
];

/** A table as rows of cells, headings first. */
type Cells = readonly (readonly string[])[];

async function cellsOf<R>(columns: readonly Column<R>[], rows: readonly R[]): Promise<Cells> {
  const body: string[][] = [];
  for (const row of rows) {
    const cells: string[] = [];
    for (const column of columns) cells.push(await column.cell(row));
    body.push(cells);
  }
  return [columns.map((c) => c.title), ...body];
}

async function manifoldCells(): Promise<Cells> {
  const parts = (list: readonly Part[]): string =>
    list.map(({ name, text }) => `${name}: ${text}`).join("<br>");
  const body: string[][] = [];
  for (const kind of manifolds.list()) {
    const facts = await manifoldFacts(kind);
    body.push([
      `\`${facts.name}\``,
      facts.projection === 0 ? "exact" : decade(facts.projection),
      facts.gradient.toFixed(1),
      parts(facts.retractions),
      parts(facts.transports),
      facts.geodesicMaps.join(", ") || "none",
      verdict(facts.holds),
    ]);
  }
  const heads = ["projection to", "gradient slope", "retractions", "transports", "geodesic maps"];
  return [["manifold", ...heads, "every check holds"], ...body];
}

/** A Markdown table, unpadded. */
function markdown(cells: Cells): string {
  const [head, ...body] = cells.map((row) => `| ${row.join(" | ")} |`);
  return [head, `|${" --- |".repeat(cells[0]!.length)}`, ...body].join("\n");
}

const COLUMNS_TEXT = `
- **order**: the claimed one; it is measured as a lower bound on a reaction-diffusion equation, whose
  F has a small part normal to the manifold, and to 0.25 on a flow whose F is tangent to it (next
  column; sub-flows by RK4, so 4 is the order of RK4).
- **exact on rank-r flows**: one step of the increments between two matrices of the working rank ends
  at the second one, to 10⁻¹⁰.
- **small σ**: the largest error for smallest singular values of 10⁻¹ … 10⁻¹², over that for 10⁻¹.
- **full rank is Euler**: one Euler step at full rank is the plain one to 10⁻¹³, of a 6×6 matrix and
  of 8×6 and 6×8 ones, F depending on Y from both sides; **square only**: of the first alone, because where
  a basis spans only a part of its space the step moves it before it asks for F.
- **descends**: L(Y₁) ≤ L(Y₀) − ½ ‖P(Y₀) ∇L‖² on 200 quadratics at h = 1 / smoothness, before
  truncation.
- **symmetry**: symmetric matrices stay symmetric to 10⁻¹³.
- **norm**: where F is orthogonal to Y, ‖Y₁‖² and what truncation took add up to ‖Y₀‖².
- **ranks**: those that Y′ = T − Y ends with, for T of ranks 4 and then 1, from rank 2.
- **F per step**: evaluations of F (or gradients) of a step whose sub-flows take one stage.
- **follows A(t)**: F(t) = A′(t) of rank 4 is followed up to the quadrature of the stepper.`;

/** The page, not yet formatted: measures everything; takes some seconds. */
export async function propertyPage(): Promise<string> {
  const rowOf =
    <R extends { readonly item: { readonly name: string } }>(rows: readonly R[]) =>
    (item: { readonly name: string }): R => rows.find((r) => r.item.name === item.name)!;
  const matrices = await cellsOf(MATRIX_COLUMNS, integrators.list().map(rowOf(MATRIX_ROWS)));
  const tensors = await cellsOf(TUCKER_COLUMNS, tuckerIntegrators.list().map(rowOf(TUCKER_ROWS)));
  const page = [
    "# Measured properties",
    "Written by `deno task properties` from the measurements that the contract tests assert, in " +
    "float64; a test fails when this page is not what they give. **no** marks a known exception.",
    "## Integrators of matrices",
    markdown(matrices),
    COLUMNS_TEXT.trim(),
    "## Integrators of Tucker tensors",
    markdown(tensors),
    "## Manifolds",
    markdown(await manifoldCells()),
    "Orders of retractions are measured against the geodesic, or by the tangential part of " +
    "R(tξ) − x − tξ where there is no closed form; `deno task check` prints every single finding.",
  ].join("\n\n");
  return `${page}\n`;
}

/** A text without what the formatter may change in it: padding of tables and line breaks. */
export function unformatted(text: string): string {
  return text.replace(/-{3,}/g, "---").replace(/\s+/g, " ").trim();
}
