/**
 * What the team of a heap can be asked to do. All members load this table, so what it imports loads
 * no engine.
 *
 * @module
 */

import type { Jobs } from "../../wasm/mod.ts";
import * as attention from "./attention_pieces.ts";
import * as patch from "./conv/patch_pieces.ts";
import { joinPiece } from "./conv/pixel_pieces.ts";
import * as unrolled from "./conv/unrolled.ts";
import * as winograd from "./conv/winograd_pieces.ts";
import { gemmPiece } from "./gemm.ts";
import type { Member } from "./member.ts";
import * as norm from "./norm_pieces.ts";
import * as pool from "./pool_pieces.ts";
import * as sequence from "./sequence_pieces.ts";
import { svdPiece } from "./svd_pieces.ts";
import * as tall from "./tall_pieces.ts";

/** Jobs by name. */
export const jobs: Jobs<Member> = {
  "gemm": gemmPiece,
  "transpose": ({ simd }, [to, from, rows, columns]) => {
    simd.transpose!(to!, from!, rows!, columns!);
  },
  "attention-tiles": attention.attentionPiece,
  "attention-bias-grad": attention.attentionBiasGradPiece,
  "attention-grad": attention.attentionGradPiece,
  "affine": norm.affinePiece,
  "cross-entropy": ({ simd }, numbers) => {
    simd.cross_entropy_terms!(...numbers);
  },
  "cross-entropy-grad": ({ simd }, numbers) => {
    simd.cross_entropy_grad!(...numbers);
  },
  "grad": norm.gradPiece,
  "grad-sums": norm.gradSumsPiece,
  "max-pool": pool.maxPoolPiece,
  "max-pool-grad": pool.maxPoolGradPiece,
  "moments": norm.momentsPiece,
  "move-rows": sequence.moveRowsPiece,
  "norm-grad": norm.normGradPiece,
  "norm-sums": norm.normSumsPiece,
  "patch-forward": patch.forwardPiece,
  "patch-filter-gradient": patch.filterGradientPiece,
  "patch-input-gradient": patch.inputGradientPiece,
  "pixel-join": joinPiece,
  "rotary": sequence.rotaryPiece,
  "row-norm": sequence.rowNormPiece,
  "row-norm-grad": sequence.rowNormGradPiece,
  "smooth": sequence.smoothPiece,
  "smooth-grad": sequence.smoothGradPiece,
  "sum-parts": attention.sumPartsPiece,
  "repeat-rows": norm.repeatPiece,
  "svd": svdPiece,
  "tall-cross": tall.crossPiece,
  "tall-take": tall.takePiece,
  "tall-times-upper": tall.timesUpperPiece,
  "unrolled-block": unrolled.blockPiece,
  "unrolled-sum": unrolled.sumPiece,
  "winograd-planes": winograd.planesPiece,
  "winograd-tiles": winograd.tilesPiece,
  "winograd-block": winograd.blockPiece,
  "winograd-filter": winograd.filterPiece,
  "winograd-filter-gradient": winograd.filterGradientPiece,
};
