import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openMpi, runMembers } from "../../../core/comm/mod.ts";
import { launchOf } from "../../../core/comm/mpi/launch.ts";
import { mpiTest, runMpi } from "../../support/mpi.ts";
import { everything } from "./program.ts";

const PROGRAM = new URL("./program.ts", import.meta.url).pathname;

for (const size of [1, 2, 4]) {
  mpiTest(`${size} processes find what members of one process find`, async () => {
    const expected = await runMembers(size, everything);
    const { code, out, err } = await runMpi(size, PROGRAM, "everything");
    assertEquals(code, 0, err);
    assertEquals(
      out.trim().split("\n").sort(),
      expected.map((found, rank) => `${rank}: ${found}`),
    );
  });
}

mpiTest("a process that hangs ends the others with one message within the limit", async () => {
  const { code, err } = await runMpi(2, PROGRAM, "hang");
  assert(code !== 0);
  assertEquals(
    err.match(/Cannot .*/g),
    ["Cannot wait at a barrier: the other processes did not come within 0.3 s"],
  );
});

mpiTest("a process that is killed ends the others", async () => {
  const { code, out, err } = await runMpi(2, PROGRAM, "die");
  assert(code !== 0);
  // The launcher is the first to know, and says so.
  assertStringIncludes(out + err, "9");
});

Deno.test("launchers are told apart by what they set", () => {
  const launch = (variables: Record<string, string>) => launchOf((name) => variables[name]);
  assertEquals(launch({}), undefined);
  assertEquals(launch({ PMI_RANK: "1", PMI_SIZE: "4", MPI_LOCALNRANKS: "2" }), {
    family: "MPICH",
    size: 4,
    rank: 1,
    neighbours: 2,
  });
  assertEquals(
    launch({ OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "2", PMI_RANK: "5" }),
    { family: "Open MPI", size: 2, rank: 0, neighbours: 2 },
  );
});

Deno.test("a process that mpiexec did not start is a job of one, and says so", async () => {
  const { comm, notice, close } = await openMpi();
  assertEquals([comm.rank, comm.size], [0, 1]);
  assertEquals(notice, "one process: it was not started by mpiexec");
  await close();
});

mpiTest("a library that does not belong to the launcher is named", async () => {
  const script = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", PROGRAM, "everything"],
    env: { OMPI_COMM_WORLD_SIZE: "3", OMPI_COMM_WORLD_RANK: "0", NO_COLOR: "1" },
    stderr: "piped",
  });
  const text = new TextDecoder().decode((await script.output()).stderr);
  assert(
    /mpiexec of Open MPI started 3 processes, .* sees 1; install the library/.test(text),
    text,
  );
});
