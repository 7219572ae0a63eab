/** The recipe of federated least squares, from the command line. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder, runMain } from "../../support/command_line.ts";

const SHORT = "train federated-least-squares --problem heterogeneous --rounds 3 --local-steps 2";

const words = (text: string): string[] => text.split(" ");

Deno.test("federated-least-squares prints a table of methods, and writes a report", () =>
  inFolder(async (folder) => {
    const args = `${SHORT} --methods fedlrt,fedavg --clients 3 --participation 0.7 --late 0.3`;
    const { code, out, err } = await runMain(...words(args), "--out", folder + "/run");
    assertEquals([code, err], [0, ""], out);
    for (const text of ["fedlrt ", "fedavg ", "excess loss", "per round"]) {
      assertStringIncludes(out, text);
    }
    const page = await Deno.readTextFile(folder + "/run/report.html");
    for (const text of ["over bytes sent", "largest rank over rounds", "drift of clients"]) {
      assertStringIncludes(page, text);
    }
    const again = await runMain(...words(args), "--out", folder + "/run", "--resume");
    const table = (text: string) => text.slice(text.indexOf("method "), text.indexOf("Report"));
    assertEquals(table(again.out), table(out));
  }));

Deno.test("every federated method runs by its name", () =>
  inFolder(async (folder) => {
    const { code, err } = await runMain(
      ...words(`${SHORT} --clients 2 --methods all --optimizer adam`),
      ...["--out", folder + "/run"],
    );
    assertEquals([code, err], [0, ""]);
    const { federated } = JSON.parse(await Deno.readTextFile(folder + "/run/summary.json"));
    assertEquals(federated[0].curves.length, 8);
  }));

Deno.test("a method that there is not is named", () =>
  inFolder(async (folder) => {
    const { code, out, err } = await runMain(
      ...words("train federated-least-squares --methods fedlit"),
      ...["--out", folder + "/run"],
    );
    assertEquals([code, out], [1, ""]);
    assertStringIncludes(err, 'did you mean "fedlrt" or "fedlin"');
  }));
