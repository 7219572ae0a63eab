/**
 * The types of adapters by their name in files.
 *
 * @module
 */

import type { PeftType } from "../fields.ts";
import { adaloraForm } from "./adalora.ts";
import { lohaForm } from "./loha.ts";
import { lokrForm } from "./lokr.ts";
import { loraForm } from "./lora.ts";
import { randloraForm } from "./randlora.ts";
import type { AdapterForm } from "./types.ts";
import { veraForm } from "./vera.ts";

export { kroneckerExtents } from "./lokr.ts";
export { MAGNITUDE } from "./lora.ts";
export type { AdaptedModule, AdapterForm, Product, Sizes } from "./types.ts";

/** What each type stores. */
export const FORMS: Readonly<Record<PeftType, AdapterForm>> = {
  LORA: loraForm,
  ADALORA: adaloraForm,
  VERA: veraForm,
  RANDLORA: randloraForm,
  LOHA: lohaForm,
  LOKR: lokrForm,
};
