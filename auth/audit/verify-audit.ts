import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { CHAIN_START, tornPart, type AuditChain, type ChainPosition } from './audit-chain.js';
import { listAuditFiles } from './audit-files.js';

/**
 * CHANGED: a line is not as it was written. REMOVED: lines before this one are missing. MOVED: the line belongs elsewhere,
 * or is there twice. TORN: text that no line explains.
 */
export type AuditFaultKind = 'CHANGED' | 'REMOVED' | 'MOVED' | 'TORN';

export interface AuditFault {
  readonly kind: AuditFaultKind;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface AuditVerification {
  readonly files: number;
  readonly lines: bigint;
  /** The position after the last right line. Note it elsewhere: it is the only proof that no line is gone at the end. */
  readonly end: ChainPosition;
  /** The first of them. */
  readonly faults: readonly AuditFault[];
  readonly faultCount: number;
}

export interface VerifyOptions {
  /** Where the log begins, when earlier files were archived. */
  readonly begin?: ChainPosition;
  /** A position that the log had: it must have it still. */
  readonly contains?: ChainPosition;
}

const MAX_FAULTS = 100;

/** Checks every line of a log, over all its files. */
export async function verifyAudit(
  folder: string,
  chain: AuditChain,
  { begin = CHAIN_START, contains }: VerifyOptions = {},
): Promise<AuditVerification> {
  const files = await listAuditFiles(folder);
  const faults: AuditFault[] = [];
  let faultCount = 0;
  let last = begin;
  let lines = 0n;
  let hasPosition = contains === undefined || isSame(begin, contains);
  /** Lines in a row that are not right. */
  let bad = 0;
  let torn: { readonly text: string; readonly fault: AuditFault } | null = null;
  const report = (fault: AuditFault): void => {
    faultCount += 1;
    if (faults.length < MAX_FAULTS) faults.push(fault);
  };
  for (const { path } of files) {
    const file = basename(path);
    let number = 0;
    for await (const text of linesOf(path)) {
      number += 1;
      lines += 1n;
      const place = { file, line: number };
      const line = chain.read(text);
      if (!line) {
        if (torn) report(torn.fault);
        bad += 1;
        torn = { text, fault: { ...place, kind: 'CHANGED', message: 'the hash does not fit the line' } };
        continue;
      }
      const claimed = line.content.kind === 'RESUMED' ? (line.content.torn as Torn) : null;
      if (torn) {
        const part = tornPart(torn.text);
        // A line that was torn by the end of the process is explained by the next line.
        const isExplained =
          claimed?.bytes === part.bytes && claimed.sha256 === part.sha256 && line.seq === last.seq + 1;
        if (!isExplained) report(torn.fault);
      }
      // Changed lines have their numbers: the line after them is where it belongs.
      const skipped = bad > 0 && line.seq === last.seq + 1 + bad;
      torn = null;
      bad = 0;
      if (line.seq === last.seq + 1 ? line.prev !== last.hash : !skipped)
        report({ ...place, ...misplaced(line, last) });
      if (line.seq > last.seq) last = { seq: line.seq, hash: line.hash };
      hasPosition ||= contains !== undefined && isSame(line, contains);
    }
  }
  if (torn)
    report({ ...torn.fault, kind: 'TORN', message: 'the last line is not whole, and no later line tells of it' });
  if (!hasPosition) {
    const file = basename(files.at(-1)?.path ?? folder);
    report({ kind: 'REMOVED', file, line: 0, message: `line ${contains!.seq} with the noted hash is not there` });
  }
  return { files: files.length, lines, end: last, faults, faultCount };
}

/** The lines of a file. `readline` would also end a line at U+2028 and U+2029, which JSON leaves inside a text. */
async function* linesOf(path: string): AsyncGenerator<string, void> {
  let open: string[] = [];
  for await (const chunk of createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>) {
    const [first, ...others] = chunk.split('\n');
    open.push(first!);
    if (others.length === 0) continue;
    yield open.join('');
    open = [others.pop()!];
    yield* others;
  }
  const rest = open.join('');
  if (rest !== '') yield rest;
}

interface Torn {
  readonly bytes: number;
  readonly sha256: string;
}

function misplaced(line: ChainPosition, last: ChainPosition): Pick<AuditFault, 'kind' | 'message'> {
  if (line.seq <= last.seq) {
    return { kind: 'MOVED', message: `line number ${line.seq} stands after line number ${last.seq}` };
  }
  if (line.seq === last.seq + 1) return { kind: 'CHANGED', message: 'it does not refer to the line before it' };
  const missing = line.seq - last.seq - 1;
  return {
    kind: 'REMOVED',
    message: `${missing} line${missing === 1 ? '' : 's'} before it, from number ${last.seq + 1} on`,
  };
}

function isSame(one: ChainPosition, other: ChainPosition): boolean {
  return one.seq === other.seq && one.hash === other.hash;
}
