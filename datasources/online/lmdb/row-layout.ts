/**
 * All values of one entity in one LMDB value. The layout allows reading a few features of a wide row without decoding
 * the rest. Decoding is most of a store read, and msgpack or JSON would decode 200 features to return 10.
 *
 *   u8 format | u16 versions | u16 slots | versions x 24 bytes | slots x 8 bytes, sorted by number | values
 *   a version: timestamp, created timestamp, sequence, each i64 with the least one for null
 *   a slot:    u16 number of the feature, u16 index of its version, u32 offset of its value
 *
 * Features written together share one version, so a dense row stores its three times once.
 */
export const ROW_FORMAT = 1;
export const HEADER_BYTES = 5;
export const VERSION_BYTES = 24;
export const SLOT_BYTES = 8;
export const NULL_INT64 = -(2n ** 63n);
