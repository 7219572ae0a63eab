import { assertRejects } from "@std/assert";
import { setupTensorflow } from "../../tasks/setup_tensorflow.ts";
import { UsageError } from "../../tasks/usage_error.ts";

Deno.test("setupTensorflow() refuses an unknown option", async () => {
  await assertRejects(
    () => setupTensorflow(["--libtensorflo", "x"]),
    UsageError,
    'did you mean "libtensorflow"',
  );
});
