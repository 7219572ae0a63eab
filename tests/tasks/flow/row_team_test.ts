import { assert, assertEquals, assertLess } from "@std/assert";
import { Random } from "../../../core/mod.ts";
import { channel, FlowSolver, fourier, grid, simdKernel } from "../../../tasks/flow/mod.ts";
import { RowTeam } from "../../../tasks/flow/row_team.ts";
import { layOut } from "../../../tasks/flow/simd_kernel.ts";

const random = new Random(3);
const g = grid(50, 43);
const rate = (middle: number): Float64Array =>
  Float64Array.from(
    { length: g.pitch },
    (_, x) => x < 30 ? middle : middle + 0.1 * random.uniform(),
  );
const relaxation = { even: rate(1.7), odd: rate(0.5) };
const numbers = Float64Array.from({ length: g.size }, () => 0.02 * random.uniform() - 0.01);

/** A clock that stands still: threads are never judged, so all of them stay. */
const still = (): number => 0;
/** Milliseconds in which a thread must have begun to help. */
const PATIENCE = 60_000;

/** Four states under a team of so many threads. */
function rows(threads: number): { team: RowTeam; states: Float64Array[]; addresses: number[] } {
  const { module, addresses } = layOut(g, relaxation, 4, threads > 1);
  const states = addresses.map((a) => new Float64Array(module.memory.buffer, a, g.size));
  states[0]!.set(numbers);
  states[2]!.set(numbers);
  const team = new RowTeam(module, g.ny, 8 * g.pitch, threads, still);
  return { team, states, addresses: [...addresses] };
}

type Rows = ReturnType<typeof rows>;

/** Two steps and the adjoint of one. */
function work({ team, states, addresses: [a, b, c, d] }: Rows): Float64Array[] {
  team.run("step", [a!, b!]);
  team.run("step", [b!, a!]);
  team.run("adjoint", [b!, c!, d!]);
  return states.map((state) => state.slice());
}

/** The same, again and again from the same numbers until others have helped. */
function workTogether(made: Rows): Float64Array[] {
  const before = made.team.helped;
  for (const end = performance.now() + PATIENCE;;) {
    made.states[0]!.set(numbers);
    const result = work(made);
    if (made.team.helped > before) return result;
    assertLess(performance.now(), end, "no thread has helped");
  }
}

for (const threads of [2, 3, 16]) {
  Deno.test(`rows shared by ${threads} threads are those of one, bit for bit`, () => {
    const alone = work(rows(1));
    const made = rows(threads);
    try {
      for (let repeat = 0; repeat < 50; repeat++) assertEquals(workTogether(made), alone);
    } finally {
      made.team.close();
    }
  });
}

Deno.test("a team goes on alone when its other threads are ended, and nothing hangs", () => {
  const made = rows(2);
  workTogether(made);
  made.team.close();
  made.team.close();
  const { helped } = made.team;
  made.states[0]!.set(numbers);
  assertEquals(work(made), work(rows(1)));
  assertEquals(made.team.helped, helped);
});

Deno.test("a lattice of few rows is left to one thread", () => {
  const flat = grid(50, 8);
  const { module, addresses } = layOut(flat, relaxation, 2, true);
  const team = new RowTeam(module, flat.ny, 8 * flat.pitch, 4, still);
  for (let n = 0; n < 20; n++) team.run("step", [addresses[0]!, addresses[1]!]);
  assertEquals(team.helped, 0);
  team.close();
});

Deno.test("forces and gradients of a solver do not depend on its threads", () => {
  const place = channel({ resolution: 10, reynolds: 50, length: 8 });
  const run = (threads: number): unknown => {
    using solver = new FlowSolver(place, fourier.create([0.1, 0.05]), simdKernel, threads);
    solver.loadInflow();
    const forces = Array.from({ length: 200 }, () => solver.step());
    solver.beginAdjoint();
    for (let n = 0; n < 200; n++) solver.stepBack(solver.state, { drag: 1, lift: 0.5 });
    const gradient = solver.gradient();
    assert(gradient.some((v) => v !== 0));
    return { forces, gradient, state: solver.state.slice(), adjoint: solver.adjoint.slice() };
  };
  assertEquals(run(2), run(1));
});
