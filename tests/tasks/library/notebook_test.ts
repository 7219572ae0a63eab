import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { perceptron } from "../../../layers/mod.ts";
import { fit, plot } from "../../../tasks/library/mod.ts";

/** What a notebook of Deno gets when a value is the result of a cell. */
async function shown(value: unknown): Promise<Record<string, string>> {
  const display = value as Record<symbol, () => Promise<Record<string, string>>>;
  return await display[Symbol.for("Jupyter.display")]!();
}

Deno.test({
  name: "models, histories, predictions and plots show themselves in a notebook",
  sanitizeResources: false, // LAPACK may come from a library of the system, which stays loaded.
  async fn() {
    const network = perceptron({ sizes: [1, 4, 1], format: "low-rank" });
    const x = Array.from({ length: 20 }, (_, i) => i / 20);
    using model = await fit(network, { x, y: x }, { backend: "cpu", epochs: 3 });

    const ofModel = await shown(model);
    assertEquals(ofModel["text/plain"], String(model));
    assertStringIncludes(ofModel["text/plain"]!, "ranks: dense1.weight 1");
    assertStringIncludes(ofModel["text/html"]!, "<svg");

    const ofHistory = await shown(model.history);
    assertEquals(ofHistory["text/plain"]!.split("\n").length, 5);
    assert(ofHistory["image/svg+xml"]!.startsWith("<svg"));

    const ofPrediction = await shown(await model.predict([0, 1]));
    assertStringIncludes(ofPrediction["text/plain"]!, "[2,1]");

    const ofPlot = await shown(
      plot({ a: [1, 4, 9], b: [[0, 1], [2, 3]] }, { title: "Two curves" }),
    );
    assertEquals(ofPlot["text/plain"], "Two curves");
    assertStringIncludes(ofPlot["image/svg+xml"]!, "Two curves");
  },
});
