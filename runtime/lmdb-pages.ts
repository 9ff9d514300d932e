import { readSync } from 'node:fs';

const HEADER_BYTES = 24;
const NODE_BYTES = 8;
/** Flags of a page. */
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
/** Flags of a node. */
const BIG_DATA = 0x01;
const SUB_DATABASE = 0x02;
const DATABASE_BYTES = 48;

/** One snapshot of the file. Each commit writes the older of the two meta pages. */
export interface Snapshot {
  readonly pageBytes: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
  readonly bootId: bigint;
  /** The root pages of the tree of free pages and of the tree of databases; null if the tree is empty. */
  readonly roots: readonly (bigint | null)[];
}

/**
 * Follows the trees of a snapshot and says what LMDB would stumble over: pages outside the file, pages that are not what
 * their parent says, entries outside their page. Reads at most `maxPages`.
 */
export function checkPages(file: number, { pageBytes, lastPage, roots }: Snapshot, maxPages: number): string | null {
  const page = Buffer.alloc(pageBytes);
  const seen = new Set<bigint>();
  const toRead = roots.filter((root) => root !== null).map((number): Child => ({ number, flags: BRANCH | LEAF }));
  while (toRead.length > 0 && seen.size < maxPages) {
    const { number, flags } = toRead.pop()!;
    if (number > lastPage || seen.has(number)) return 'its pages do not form a tree';
    seen.add(number);
    const wanted = flags === OVERFLOW ? HEADER_BYTES : pageBytes;
    if (readSync(file, page, 0, wanted, number * BigInt(pageBytes)) < wanted) return 'its end is missing';
    if (page.readBigUInt64LE(0) !== number || (page.readUInt16LE(18) & flags) === 0)
      return `its page ${number} is damaged`;
    if (flags === OVERFLOW) {
      const last = number + BigInt(page.readUInt32LE(20)) - 1n;
      if (last > lastPage || last < number) return `its page ${number} is damaged`;
      // The bytes of a value, which the codec of its store checks. Only their presence matters here.
      if (readSync(file, page, 0, 1, (last + 1n) * BigInt(pageBytes) - 1n) < 1) return 'its end is missing';
      continue;
    }
    const children = readChildren(page);
    if (children === null) return `its page ${number} is damaged`;
    toRead.push(...children);
  }
  return null;
}

interface Child {
  readonly number: bigint;
  readonly flags: number;
}

/** The pages that the entries of a page name; null if an entry is not inside its page. */
function readChildren(page: Buffer): Child[] | null {
  const isBranch = (page.readUInt16LE(18) & BRANCH) !== 0;
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)];
  const room = page.length - HEADER_BYTES;
  if (lower > upper || upper > room || lower % 2 !== 0) return null;
  const children: Child[] = [];
  for (let index = 0; index < lower / 2; index += 1) {
    const start = HEADER_BYTES + page.readUInt16LE(HEADER_BYTES + 2 * index);
    if (start < HEADER_BYTES + upper || start + NODE_BYTES > page.length) return null;
    const low = page.readUInt32LE(start);
    const flags = page.readUInt16LE(start + 4);
    const data = start + NODE_BYTES + page.readUInt16LE(start + 6);
    if (isBranch) {
      if (data > page.length) return null;
      children.push({ number: BigInt(low) + BigInt(flags) * 0x1_0000_0000n, flags: BRANCH | LEAF });
      continue;
    }
    const bytes = (flags & BIG_DATA) !== 0 ? 8 : low;
    if (data + bytes > page.length) return null;
    if ((flags & BIG_DATA) !== 0) children.push({ number: page.readBigUInt64LE(data), flags: OVERFLOW });
    if ((flags & SUB_DATABASE) !== 0) {
      if (bytes !== DATABASE_BYTES) return null;
      const root = readRoot(page, data);
      if (root !== null) children.push({ number: root, flags: BRANCH | LEAF });
    }
  }
  return children;
}

const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** The root page of a tree, from its record of 48 bytes (MDB_db). */
export function readRoot(bytes: Buffer, offset: number): bigint | null {
  const root = bytes.readBigUInt64LE(offset + 40);
  return root === NO_PAGE ? null : root;
}
