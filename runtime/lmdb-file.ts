import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { checkPages, readRoot, type Snapshot } from './lmdb-pages.js';

/** The sizes and places of the format that lmdb 3 writes, little-endian (liblmdb/mdb.c: MDB_page_header, MDB_meta). */
const PAGE_HEADER_BYTES = 24;
const META_BYTES = 144;
const META_FLAG = 0x08;
const MAGIC = 0xbeefc0de;
const FORMAT_VERSION = 2;
const MIN_PAGE_BYTES = 512;
const MAX_PAGE_BYTES = 65_536;

/** The pages that a check reads at most: 400 MB, which takes about two seconds. A larger file is checked in part. */
const MAX_CHECKED_PAGES = 100_000;

/**
 * Says what is wrong with a file of LMDB; null if nothing was found. LMDB maps the file into memory and trusts its
 * content: a foreign or damaged file ends the process with SIGSEGV or SIGBUS, and no error could be caught. A file that
 * is empty or missing is new.
 *
 * Another process may write meanwhile. A fault counts only if the newest snapshot stayed the same.
 */
export function findLmdbFault(path: string, maxPages: number = MAX_CHECKED_PAGES): string | null {
  const file = openIfPresent(path);
  if (file === null) return null;
  try {
    for (;;) {
      if (fstatSync(file).size === 0) return null;
      const snapshots = readSnapshots(file);
      if (typeof snapshots === 'string') return snapshots;
      const fault = findFaultOfAll(file, snapshots, maxPages);
      const now = readSnapshots(file);
      if (fault === null || (typeof now !== 'string' && now[0]!.transaction === snapshots[0]!.transaction))
        return fault;
    }
  } finally {
    closeSync(file);
  }
}

/**
 * LMDB opens the newest snapshot if this machine has run since it was written. After a restart of the machine it may go
 * back to an older one, whose pages are on the disk for certain.
 */
function findFaultOfAll(file: number, snapshots: readonly Snapshot[], maxPages: number): string | null {
  const [newest] = snapshots;
  const candidates = newest!.bootId === currentBootId() ? [newest!] : snapshots;
  const faults = candidates.map((snapshot) => checkPages(file, snapshot, maxPages));
  return faults.includes(null) ? null : faults[0]!;
}

/** The snapshots of the file, the newest first; or what is wrong with its head. */
function readSnapshots(file: number): readonly Snapshot[] | string {
  const first = readMeta(file, 0);
  if (typeof first === 'string') return first;
  const second = readMeta(file, first.pageBytes);
  if (typeof second === 'string') return second;
  if (second.pageBytes !== first.pageBytes) return 'its two heads contradict each other';
  const flushed = readMeta(file, first.pageBytes / 2, { isMarked: false });
  const all = [first, second, ...(typeof flushed === 'string' ? [] : [flushed])];
  return all.filter(({ transaction }, index) => index < 2 || transaction > 0n).sort(byNewest);
}

function byNewest(a: Snapshot, b: Snapshot): number {
  return a.transaction > b.transaction ? -1 : 1;
}

/** A meta page. The copy of the last one that is on disk for certain has no marks. */
function readMeta(file: number, offset: number, { isMarked } = { isMarked: true }): Snapshot | string {
  const bytes = Buffer.alloc(PAGE_HEADER_BYTES + META_BYTES);
  if (readSync(file, bytes, 0, bytes.length, offset) < bytes.length) return 'it is shorter than its head';
  const meta = bytes.subarray(PAGE_HEADER_BYTES);
  if (isMarked) {
    if ((bytes.readUInt16LE(18) & META_FLAG) === 0 || meta.readUInt32LE(0) !== MAGIC) return 'it is not an LMDB file';
    const version = meta.readUInt32LE(4) & 0xffff;
    if (version !== FORMAT_VERSION) {
      return `it has version ${version} of LMDB's format, and this featuregraph reads version ${FORMAT_VERSION}`;
    }
  }
  const pageBytes = meta.readUInt32LE(24);
  const isPowerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
  if (pageBytes < MIN_PAGE_BYTES || pageBytes > MAX_PAGE_BYTES || !isPowerOfTwo) return 'its head is damaged';
  return {
    pageBytes,
    lastPage: meta.readBigUInt64LE(120),
    transaction: meta.readBigUInt64LE(128),
    bootId: meta.readBigInt64LE(136),
    roots: [readRoot(meta, 24), readRoot(meta, 72)],
  };
}

function openIfPresent(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** As LMDB reads it: the hexadecimal digits before the first hyphen. Another system has none. */
function currentBootId(): bigint | undefined {
  try {
    const [digits = ''] = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').split('-');
    return BigInt(`0x${digits}`);
  } catch {
    return undefined;
  }
}
