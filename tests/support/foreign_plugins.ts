/**
 * A user's file with one plugin of every kind. Each notes its first use in the file that the
 * environment variable FOREIGN_LOG names.
 */

import {
  adapters,
  adversarialTrainings,
  attackedTraining,
  attacks,
  augmentations,
  augmentedBug,
  backends,
  corrections,
  datasets,
  digits,
  eachStep,
  fgsm,
  flip,
  frameRetractions,
  hannWindow,
  hosvd,
  hosvdRetraction,
  integrators,
  lora,
  lowRankRetractions,
  manifolds,
  movers,
  orthogonality,
  partitions,
  type Plugin,
  qrRetraction,
  refreshRules,
  type Registry,
  regularizers,
  relativeFrobenius,
  type ReportKind,
  reports,
  rk4,
  sequenceDatasets,
  steadyStrength,
  steppers,
  stiefelKind,
  strengthSchedules,
  svdRetraction,
  truncationRules,
  tuckerDecompositions,
  tuckerFormat,
  tuckerIntegrators,
  tuckerRetractions,
  weightFormats,
  windows,
} from "@rankflow/rankflow/core";
import {
  attentions,
  conservations,
  glorotNormal,
  initialisers,
  networks,
  pretrainedFamilies,
} from "@rankflow/rankflow/layers";
import { adam, cosine, optimizers, schedules } from "@rankflow/rankflow/optimizers";
import {
  bodies,
  closureNetworks,
  ellipse,
  federatedMethods,
  flowKernels,
  kineticProblems,
  limiters,
  methods,
  odeProblems,
  quadratures,
  recipe,
  riccati,
  scatteringKernels,
  sweepKernels,
  unsteadyProblems,
  ways,
} from "@rankflow/rankflow/tasks";

const used = new Set<string>();

function note(kind: string): void {
  const path = Deno.env.get("FOREIGN_LOG");
  if (used.has(kind) || path === undefined) return;
  used.add(kind);
  Deno.writeTextFileSync(path, `${kind}\n`, { append: true });
}

/** Registers a plugin like another one; calls of the method, or looks at the field, are noted. */
function add<T extends Plugin>(table: Registry<T>, like: T, member: keyof T): void {
  const { kind } = table;
  const { name, description } = {
    name: `foreign-${kind.toLowerCase().replaceAll(" ", "-")}`,
    description: `a ${kind} of a user`,
  };
  const copy = { ...like, name, description };
  Object.defineProperty(copy, member, {
    enumerable: true,
    get() {
      note(kind);
      return like[member];
    },
  });
  table.add(copy);
}

add(datasets, digits, "load");
add(augmentations, flip, "apply");
add(backends, backends.get("cpu"), "open");
add(integrators, augmentedBug, "step");
add(steppers, rk4, "advance");
add(truncationRules, relativeFrobenius, "rank");
add(refreshRules, eachStep, "refreshes");
add(regularizers, orthogonality, "term");
add(strengthSchedules, steadyStrength, "at");
add(attacks, fgsm, "perturb");
add(adversarialTrainings, attackedTraining, "create");
add(manifolds, stiefelKind, "create");
add(frameRetractions, qrRetraction, "retract");
add(lowRankRetractions, svdRetraction, "retract");
add(tuckerRetractions, hosvdRetraction, "retract");
add(tuckerIntegrators, tuckerIntegrators.get("augmented-tucker-bug"), "step");
add(tuckerDecompositions, hosvd, "decompose");
add(weightFormats, tuckerFormat, "representation");
add(movers, movers.get("optimizer"), "update");
add(adapters, lora, "flows");
add(windows, hannWindow, "weight");
add(networks, networks.get("lenet-5"), "create");
add(initialisers, glorotNormal, "draw");
add(optimizers, adam as never, "create");
add(schedules, cosine, "factor");
add(bodies, ellipse, "create");
add(flowKernels, flowKernels.get("typescript"), "create");
add(odeProblems, riccati, "open");
add(sequenceDatasets, sequenceDatasets.get("sorting"), "load");
add(sweepKernels, sweepKernels.get("typescript"), "create");
add(ways, ways.get("muon"), "args");
add(conservations, conservations.get("hard-special"), "basis");
add(scatteringKernels, scatteringKernels.get("isotropic"), "at");
add(attentions, attentions.get("mha"), "create");
add(pretrainedFamilies, pretrainedFamilies.get("gpt2"), "read");
add(kineticProblems, kineticProblems.get("half-lattice"), "setup");
add(closureNetworks, closureNetworks.get("input-convex"), "network");
add(limiters, limiters.get("minmod"), "slopes");
add(quadratures, quadratures.get("product"), "ordinates");
add(unsteadyProblems, unsteadyProblems.list()[0]!, "open");

add(corrections, corrections.get("full"), "flow");
add(partitions, partitions.get("equal"), "divide");

federatedMethods.add({
  name: "foreign-federated-method",
  description: "a federated method of a user",
  method: "low-rank",
  get correction() {
    note("federated method");
    return "foreign-correction";
  },
});

methods.add({
  name: "foreign-method",
  description: "a method of a user",
  get format() {
    note("method");
    return "foreign-weight-format";
  },
  moves: "tuckerIntegrator",
  learningRate: 1e-3,
});

methods.add({
  name: "foreign-adapted",
  description: "every matrix with the adapter of a user",
  format: "foreign-adapter",
  learningRate: 1e-3,
});

const page: ReportKind = {
  name: "foreign-report",
  description: "a report of a user",
  build: ({ path }) => {
    note("report");
    const section = { heading: "Foreign", text: ["a report of a user"] };
    return Promise.resolve({ title: path, lead: "a page", sections: [section] });
  },
};
reports.add(page);

recipe({
  name: "foreign-recipe",
  description: "a recipe of a user",
  defaults: { out: "" },
  schema: {},
  job: () => {
    note("recipe");
    return Promise.resolve(0);
  },
});
