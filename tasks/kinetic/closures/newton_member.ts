/**
 * A thread that closes cells by Newton's method.
 *
 * @module
 */

import { joinTeam } from "../../../core/wasm/mod.ts";
import { NewtonCells, newtonJobs, type NewtonSetting } from "./newton_cells.ts";

joinTeam(newtonJobs, (setting: NewtonSetting) => new NewtonCells(setting));
