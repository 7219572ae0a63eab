/**
 * Records of a TFRecord file: length, data and a checksum of each.
 *
 * Source: https://www.tensorflow.org/tutorials/load_data/tfrecord
 *
 * @module
 */

import { concat } from "./protobuf.ts";

/** Castagnoli's polynomial, lowest bit first. */
const POLYNOMIAL = 0x82f63b78;
/** What the checksum of a byte is, by its value. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  return crc;
});
/** Added to a rotated checksum, so that checksums of checksums tell something. */
const MASK = 0xa282ead8;

/**
 * CRC-32C (RFC 3720, appendix B.4).
 *
 * @param data Bytes.
 * @returns The checksum, from 0 to 2³² − 1.
 */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * Data as a record of a TFRecord file.
 *
 * @param data Bytes, fewer than 2³².
 */
export function tfRecord(data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(12));
  head.setUint32(0, data.length, true);
  head.setUint32(8, masked(new Uint8Array(head.buffer, 0, 8)), true);
  const foot = new DataView(new ArrayBuffer(4));
  foot.setUint32(0, masked(data), true);
  return concat(new Uint8Array(head.buffer), data, new Uint8Array(foot.buffer));
}

function masked(data: Uint8Array): number {
  const crc = crc32c(data);
  return ((crc >>> 15 | crc << 17) + MASK) >>> 0;
}
