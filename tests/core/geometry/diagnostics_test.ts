/** The diagnostics find what is wrong, and say which property it is. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Matrix, matrixOf } from "../../../core/algebra/mod.ts";
import {
  canonicalStiefel,
  checkGradient,
  checkProjection,
  checkRetraction,
  checkTransport,
  diagnose,
  euclidean,
  type Finding,
  fixedRank,
  grassmann,
  logLogSlope,
  type Manifold,
  randomObjective,
  type Retraction,
  slopeSteps,
  stiefel,
  type Transport,
} from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import { host, plus, times } from "../../support/matrices.ts";

const frames = stiefel(host, { shape: [8, 3] });

function failed(found: readonly Finding[]): string[] {
  return found.filter((f) => !f.ok).map((f) => f.property);
}

/** A retraction on frames, checked at a random point. */
async function tryRetraction(
  retraction: Omit<Retraction<Matrix, Matrix>, "name">,
  manifold: Manifold<Matrix> = frames,
): Promise<string[]> {
  const random = new Random(1);
  const x = await manifold.randomPoint(random);
  return failed(await checkRetraction(host, manifold, { ...retraction, name: "own" }, x, random));
}

async function tryTransport(transport: Omit<Transport<Matrix, Matrix>, "name">): Promise<string[]> {
  const random = new Random(2);
  const x = await frames.randomPoint(random);
  return failed(await checkTransport(host, frames, { ...transport, name: "own" }, x, random));
}

const qr = frames.retractions.find((r) => r.name === "qr")!;
const polar = frames.retractions.find((r) => r.name === "polar")!;

Deno.test("checkRetraction() passes what is right", async () => {
  assertEquals(await tryRetraction(qr), []);
  assertEquals(await tryRetraction(polar), []);
});

Deno.test("checkRetraction() finds a first-order one that claims the second", async () => {
  assertEquals(await tryRetraction({ ...qr, order: 2 }), ["retraction own: R(t ξ) − Exp(t ξ)"]);
});

Deno.test("checkRetraction() finds one that leaves the manifold", async () => {
  const retract = (x: Matrix, xi: Matrix) => Promise.resolve(plus(x, xi));
  assertEquals(await tryRetraction({ order: 1, retract }), ["retraction own: R(ξ) is a point"]);
});

Deno.test("checkRetraction() finds one of the wrong speed", async () => {
  const retract = (x: Matrix, xi: Matrix) => qr.retract(x, host.scale(0.9, xi));
  assertEquals(await tryRetraction({ order: 1, retract }), ["retraction own: R(t ξ) − Exp(t ξ)"]);
});

Deno.test("checkRetraction() finds one that does not start at its point", async () => {
  const turn = host.diagonal([-1, 1, 1]);
  const retract = async (x: Matrix, xi: Matrix) => times(await qr.retract(x, xi), turn);
  const found = await tryRetraction({ order: 1, retract });
  assert(found.includes("retraction own: R(0) = x"), `${found}`);
});

Deno.test("checkRetraction() finds a wrong exponential in the metric of space", async () => {
  // The geodesic of the canonical metric is no geodesic of the Euclidean one.
  const { exp } = canonicalStiefel(host, { shape: [8, 3] });
  const found = await tryRetraction({ order: Infinity, retract: exp! }, { ...frames, exp: exp! });
  assertEquals(found, ["retraction own: tangential part of it"]);
});

Deno.test("checkRetraction() finds a result that is no number", async () => {
  const retract = (x: Matrix) => Promise.resolve(host.scale(NaN, x));
  assertEquals((await tryRetraction({ order: 1, retract })).length, 3);
});

Deno.test("checkRetraction() sees the order without an exponential too", async () => {
  const manifold = fixedRank(host, { shape: [10, 7], ranks: [2] });
  const random = new Random(3);
  const y = await manifold.randomPoint(random);
  const [svd] = manifold.retractions;
  // Along ξ + (‖ξ‖ times another tangent vector of length ‖ξ‖): of first order only.
  const drift = await manifold.randomTangent(y, random);
  const first: typeof svd = {
    name: "own",
    order: 2,
    async retract(x, xi) {
      const length = await manifold.norm(x, xi);
      return svd!.retract(x, manifold.lincomb(1, xi, length * length, drift));
    },
  };
  const findings = (order: number) =>
    checkRetraction(host, manifold, { ...first, order }, y, random);
  assertEquals(failed(await findings(2)), ["retraction own: tangential part of it"]);
  assertEquals(failed(await findings(1)), []);
});

Deno.test("checkTransport() passes what is right", async () => {
  for (const t of frames.transports) assertEquals(await tryTransport(t), []);
});

Deno.test("checkTransport() finds a projection that claims to be isometric", async () => {
  const [projection] = frames.transports;
  assertEquals(
    await tryTransport({ ...projection!, isometric: true }),
    ["transport own: keeps inner products"],
  );
});

Deno.test("checkTransport() finds vectors that are left where they are", async () => {
  const found = await tryTransport({ isometric: true, transport: (_x, _y, xi) => done(xi) });
  assertEquals(found, ["transport own: result is tangent"]);
});

Deno.test("checkTransport() finds one that moves vectors on the spot", async () => {
  const [, rotation] = frames.transports;
  const transport = async (x: Matrix, y: Matrix, xi: Matrix) =>
    host.scale(-1, await rotation!.transport(x, y, xi));
  assertEquals(
    await tryTransport({ isometric: true, transport }),
    ["transport own: from x to x changes nothing"],
  );
});

Deno.test("checkGradient() finds the gradient of another metric", async () => {
  const canonical = canonicalStiefel(host, { shape: [8, 3] });
  const random = new Random(4);
  const x = await frames.randomPoint(random);
  const f = randomObjective(host, frames, x, random);
  assertEquals(failed(await checkGradient(host, canonical, f, x, random)), []);
  const mixed = { ...canonical, gradient: frames.gradient };
  assertEquals(
    failed(await checkGradient(host, mixed, f, x, random)),
    ["f(R(t ξ)) − f − t ⟨grad, ξ⟩"],
  );
});

Deno.test("checkGradient() finds a Euclidean gradient that was not projected", async () => {
  const random = new Random(5);
  const x = await frames.randomPoint(random);
  const f = randomObjective(host, frames, x, random);
  const plain = { ...frames, gradient: (_x: Matrix, g: Matrix) => done(g) };
  assertEquals(failed(await checkGradient(host, plain, f, x, random)), ["gradient is tangent"]);
});

Deno.test("checkGradient() finds an error of one per cent in the user's gradient", async () => {
  for (const manifold of [euclidean(host, { shape: [6, 4] }), frames]) {
    const random = new Random(6);
    const x = await manifold.randomPoint(random);
    const f = randomObjective(host, manifold, x, random);
    const off = { ...f, gradient: async (y: Matrix) => host.scale(1.01, await f.gradient(y)) };
    assertEquals(failed(await checkGradient(host, manifold, f, x, random)), []);
    assertEquals(failed(await checkGradient(host, manifold, off, x, random)).length, 1);
  }
});

Deno.test("checkProjection() finds one that is oblique, and one that is none", async () => {
  const random = new Random(7);
  const x = await frames.randomPoint(random);
  const run = async (project: (x: Matrix, z: Matrix) => Promise<Matrix>) =>
    failed(await checkProjection(host, { ...frames, project }, x, random));
  assertEquals(await run(frames.project), []);
  const half = async (y: Matrix, z: Matrix) => host.scale(0.5, await frames.project(y, z));
  assertEquals(
    await run(half),
    ["tangent vectors stay as they are", "projecting twice changes nothing"],
  );
  // Onto a part of the tangent space only: orthogonal to the span of the frame.
  const horizontal = (y: Matrix, z: Matrix) =>
    done(host.lincomb(1, z, -1, times(y, host.multiply(y, z, { transposeLeft: true }))));
  assertEquals(await run(horizontal), ["tangent vectors stay as they are"]);
  const oblique = (y: Matrix, z: Matrix) => {
    // The skew-symmetric part is read off the lower triangle alone.
    const b = host.multiply(y, z, { transposeLeft: true });
    const at = (i: number, j: number) => b.data[3 * i + j]!;
    const skew = matrixOf(3, 3, (i, j) => i > j ? at(i, j) : i < j ? -at(j, i) : 0);
    return done(plus(z, times(y, host.lincomb(1, skew, -1, b))));
  };
  assertEquals(await run(oblique), ["projection is self-adjoint"]);
  const none = await run((_y, z) => done(z));
  assertEquals(none, ["projection is tangent"]);
});

Deno.test("randomObjective() does not depend on representatives of a quotient", async () => {
  const manifold = grassmann(host, { shape: [7, 2] });
  const random = new Random(8);
  const x = await manifold.randomPoint(random);
  const f = randomObjective(host, manifold, x, random);
  const turn = host.from([0, 1, -1, 0], 2, 2);
  assertAlmostEquals(await f.value(times(x, turn)), await f.value(x), 1e-13);
});

Deno.test("diagnose() says at least one thing of each part", async () => {
  const found = await diagnose(host, frames, new Random(9));
  for (const part of ["random point", "projection", "gradient", "retraction polar", "transport"]) {
    assert(found.some((f) => f.property.startsWith(part)), part);
  }
});

Deno.test("logLogSlope() reads powers and leaves round-off out", () => {
  const ts = slopeSteps(Number.EPSILON);
  for (const power of [1, 2, 3.5]) {
    assertAlmostEquals(logLogSlope(ts, ts.map((t) => 7 * t ** power)), power, 1e-12);
  }
  const noisy = ts.map((t, i) => i < 6 ? 1e-12 : t * t);
  assertAlmostEquals(logLogSlope(ts, noisy, 1e-11), 2, 1e-12);
  assertEquals(logLogSlope(ts, ts.map(() => 1e-16), 1e-15), Infinity);
  assertEquals(logLogSlope(ts, ts.map(() => NaN)), NaN);
});

Deno.test("logLogSlope() trusts the smallest steps", () => {
  const ts = slopeSteps(Number.EPSILON);
  const bent = ts.map((t) => t ** 2 + 1e4 * t ** 3);
  assertAlmostEquals(logLogSlope(ts, bent), 2.8, 0.2);
  assertAlmostEquals(logLogSlope(ts, ts.map((t) => t ** 2 + 10 * t ** 3)), 2, 0.01);
});

function done<X>(x: X): Promise<X> {
  return Promise.resolve(x);
}
