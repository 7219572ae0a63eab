/**
 * A thread that closes cells by an input-convex network.
 *
 * @module
 */

import { joinTeam } from "../../../core/wasm/mod.ts";
import { NetworkCells, networkJobs, type NetworkSetting } from "./network_cells.ts";

joinTeam(networkJobs, (setting: NetworkSetting) => new NetworkCells(setting));
