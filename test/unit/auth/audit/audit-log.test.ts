import { readdirSync, readFileSync, writeFileSync, appendFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AuditChain, CHAIN_START } from '../../../../auth/audit/audit-chain.js';
import { AuditFiles, readAuditKey } from '../../../../auth/audit/audit-files.js';
import { AuditLog, type AuditLogOptions } from '../../../../auth/audit/audit-log.js';
import type { AuditedOperation } from '../../../../auth/audit/audit-record.js';
import { verifyAudit } from '../../../../auth/audit/verify-audit.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { until } from '../../../support/until.js';

const chain = new AuditChain(Buffer.alloc(32, 7));

const operation = (number: number, entityIds: readonly string[] = ['c1']): AuditedOperation => ({
  requestId: `r${number}`,
  principal: 'user:ann',
  operation: 'QUERY',
  operationName: null,
  cost: 1,
  bytes: 100,
  accesses: [
    { action: 'READ', decision: 'ALLOWED', entityType: 'shop.customer', features: ['city'], entityIds, rows: 1 },
  ],
});

async function openLog(folder: string, options: Partial<AuditLogOptions> & { maxFileBytes?: number } = {}) {
  const files = options.files ?? (await AuditFiles.open(folder, options.maxFileBytes ?? 1_000_000, chain));
  const limits = { flushMs: 1, retryMs: 5, ...options.limits };
  return new AuditLog({
    files,
    chain,
    clock: () => 0n,
    isRequired: false,
    onError: () => undefined,
    ...options,
    limits,
  });
}

/** A log of some operations, in files of a few lines. */
async function writeLog(count: number, folder = temporaryFolder()): Promise<string> {
  for (let number = 0; number < count; number += 1) {
    // Each is a write of its own, after which the file can be full.
    const log = await openLog(folder, { maxFileBytes: 1_500 });
    log.record(operation(number));
    await log.close();
  }
  return folder;
}

const filesOf = (folder: string): string[] => readdirSync(folder).sort();
const linesOf = (folder: string, file: string): string[] =>
  readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1);
const write = (folder: string, file: string, lines: string[]): void =>
  writeFileSync(join(folder, file), lines.map((line) => `${line}\n`).join(''));
const kindsOf = async (folder: string, options = {}) =>
  (await verifyAudit(folder, chain, options)).faults.map(({ kind }) => kind);

describe('an audit log', () => {
  it('continues its chain over files and restarts', async () => {
    const folder = await writeLog(20);
    expect(filesOf(folder).length).toBeGreaterThan(3);
    const { faults, lines, end } = await verifyAudit(folder, chain);
    expect([faults, lines, end.seq]).toEqual([[], 20n, 20]);
  });

  it('is right with line ends of Unicode inside a text, also after a torn line with one', async () => {
    const folder = temporaryFolder();
    const log = await openLog(folder);
    log.record({ ...operation(1), principal: 'user:a\u2028b\u2029c' });
    await log.close();
    appendFileSync(join(folder, filesOf(folder)[0]!), '{"principal":"user:a\u2028');
    await (await openLog(folder)).close();
    const { faults, end } = await verifyAudit(folder, chain);
    expect([faults, end.seq]).toEqual([[], 2]);
  });

  it('has keyed hashes in place of entity ids, the same for the same entity', async () => {
    const folder = temporaryFolder();
    const log = await openLog(folder);
    log.record(operation(1, ['secret-id', 'other', 'secret-id']));
    await log.close();
    const [file] = filesOf(folder);
    const [line] = linesOf(folder, file!);
    expect(line).not.toContain('secret-id');
    const [one, other, again] = JSON.parse(line!).accesses[0].entityIds as string[];
    expect(one).toBe(again);
    expect(one).not.toBe(other);
    expect(one).toBe(chain.hashId('shop.customer', 'secret-id'));
    expect(one).not.toBe(new AuditChain(Buffer.alloc(32, 8)).hashId('shop.customer', 'secret-id'));
  });

  it('writes and hashes a line as earlier releases did, so that their logs go on', () => {
    const content = { kind: 'OPERATION', time: '2026-11-29T12:00:00.000001Z', principal: 'user:ann "é"', accesses: [] };
    const { line } = chain.append(CHAIN_START, JSON.stringify(content));
    // Both hashes are of a release before this one.
    const hash = 'KzC557lbw6rHj_aVul_EQJ0Vccbej0Yq40xcYPzvR4U';
    expect(line).toBe(`${JSON.stringify({ seq: 1, ...content, prev: '', hash })}\n`);
    expect(chain.read(line.trimEnd())).toMatchObject({ seq: 1, prev: '', hash, content });
    expect(chain.hashId('shop.customer', 'c1')).toBe('0j5srwqG1iuGk-sSEWiEaw');
  });

  it('splits the ids of a large read over several lines and loses none', async () => {
    const folder = temporaryFolder();
    const log = await openLog(folder);
    const ids = Array.from({ length: 2_500 }, (_, index) => `c${index}`);
    log.record(operation(1, ids));
    await log.close();
    const lines = filesOf(folder).flatMap((file) => linesOf(folder, file).map((line) => JSON.parse(line)));
    expect(lines).toHaveLength(3);
    const hashes = lines.flatMap(({ accesses }) => accesses[0].entityIds as string[]);
    expect(hashes).toEqual(ids.map((id) => chain.hashId('shop.customer', id)));
  });

  it.each<[string, (folder: string) => void, string]>([
    [
      'a changed line',
      (folder) => {
        const [file] = filesOf(folder);
        const lines = linesOf(folder, file!);
        write(folder, file!, [lines[0]!, lines[1]!.replace('user:ann', 'user:bob'), ...lines.slice(2)]);
      },
      'CHANGED',
    ],
    [
      'a line that was made with another key',
      (folder) => {
        const [file] = filesOf(folder);
        const lines = linesOf(folder, file!);
        const before = chain.read(lines[0]!)!;
        const forged = new AuditChain(Buffer.alloc(32, 8)).append(before, '{"kind":"OPERATION"}').line.trimEnd();
        write(folder, file!, [lines[0]!, forged, ...lines.slice(2)]);
      },
      'CHANGED',
    ],
    [
      'a removed line',
      (folder) => {
        const [file] = filesOf(folder);
        const lines = linesOf(folder, file!);
        write(folder, file!, [lines[0]!, ...lines.slice(2)]);
      },
      'REMOVED',
    ],
    [
      'a removed first line',
      (folder) => {
        const [file] = filesOf(folder);
        write(folder, file!, linesOf(folder, file!).slice(1));
      },
      'REMOVED',
    ],
    [
      'lines in another order',
      (folder) => {
        const [file] = filesOf(folder);
        const [one, two, ...rest] = linesOf(folder, file!);
        write(folder, file!, [two!, one!, ...rest]);
      },
      'MOVED',
    ],
    [
      'a line that is there twice',
      (folder) => {
        const [file] = filesOf(folder);
        const [one, ...rest] = linesOf(folder, file!);
        write(folder, file!, [one!, one!, ...rest]);
      },
      'MOVED',
    ],
    [
      'a file that is gone',
      (folder) => renameSync(join(folder, filesOf(folder)[1]!), join(folder, 'elsewhere')),
      'REMOVED',
    ],
    [
      'two files with exchanged names',
      (folder) => {
        const [one, two] = filesOf(folder);
        renameSync(join(folder, one!), join(folder, 'x'));
        renameSync(join(folder, two!), join(folder, one!));
        renameSync(join(folder, 'x'), join(folder, two!));
      },
      'MOVED',
    ],
    ['text at the end', (folder) => appendFileSync(join(folder, filesOf(folder).at(-1)!), 'something\n'), 'TORN'],
  ])('that has %s is found by its check', async (_what, tamper, kind) => {
    const folder = await writeLog(12);
    tamper(folder);
    expect(await kindsOf(folder)).toContain(kind);
  });

  it('whose last lines are gone is found by an end that was noted before', async () => {
    const folder = await writeLog(5);
    const { end } = await verifyAudit(folder, chain);
    const last = filesOf(folder).at(-1)!;
    write(folder, last, linesOf(folder, last).slice(0, -1));
    expect(await kindsOf(folder)).toEqual([]);
    expect(await kindsOf(folder, { contains: end })).toEqual(['REMOVED']);
  });

  it('whose first files were archived is right from the end of these', async () => {
    const folder = await writeLog(12);
    const [first] = filesOf(folder);
    const begin = chain.read(linesOf(folder, first!).at(-1)!)!;
    renameSync(join(folder, first!), join(folder, 'archived'));
    expect(await kindsOf(folder)).toContain('REMOVED');
    expect(await kindsOf(folder, { begin: { seq: begin.seq, hash: begin.hash } })).toEqual([]);
  });

  it.each([
    ['in its middle', (text: string) => text.slice(0, -40)],
    ['before its line end', (text: string) => text.slice(0, -1)],
  ])('goes on after a last line that was torn %s', async (_where, tear) => {
    const folder = await writeLog(5);
    const last = join(folder, filesOf(folder).at(-1)!);
    writeFileSync(last, tear(readFileSync(last, 'utf8')));
    const log = await openLog(folder);
    log.record(operation(6));
    await log.close();
    const { faults, end } = await verifyAudit(folder, chain);
    expect(faults).toEqual([]);
    expect(end.seq).toBe(6);
  });

  it('goes on after torn text is changed, and its check finds that', async () => {
    const folder = await writeLog(5);
    const last = join(folder, filesOf(folder).at(-1)!);
    writeFileSync(last, readFileSync(last, 'utf8').slice(0, -40));
    await (await openLog(folder)).close();
    writeFileSync(last, readFileSync(last, 'utf8').replace('user:ann', 'user:bob'));
    expect(await kindsOf(folder)).toEqual(['CHANGED']);
  });

  it('makes a key that only its owner can read, once', async () => {
    const path = join(temporaryFolder(), 'key');
    const keys = await Promise.all([readAuditKey(path, true), readAuditKey(path, true)]);
    expect(keys[0]).toEqual(keys[1]);
    expect(keys[0]).toHaveLength(32);
    writeFileSync(path, 'short');
    await expect(readAuditKey(path)).rejects.toThrow('64 hexadecimal digits');
  });
});

describe('an audit log whose disk fails', () => {
  /** The real files, of which a test breaks the disk. */
  class FailingFiles {
    isFull = true;
    attempts = 0;
    constructor(private readonly files: AuditFiles) {}
    get end() {
      return this.files.end;
    }
    append(contents: readonly string[]): Promise<void> {
      this.attempts += 1;
      return this.isFull ? Promise.reject(new Error('ENOSPC')) : this.files.append(contents);
    }
    close(): Promise<void> {
      return this.files.close();
    }
  }

  async function openFailing(isRequired: boolean) {
    const folder = temporaryFolder();
    const files = new FailingFiles(await AuditFiles.open(folder, 1_000_000, chain));
    const errors: unknown[] = [];
    const log = await openLog(folder, {
      files: files as unknown as AuditFiles,
      isRequired,
      onError: (error) => errors.push(error),
      limits: { maxWaiting: 9 },
    });
    return { folder, files, log, errors };
  }

  it('keeps a bounded number of operations, says how many it lost, and loses none of the others', async () => {
    const { folder, files, log, errors } = await openFailing(false);
    for (let number = 0; number < 10; number += 1) log.record(operation(number));
    // Three of weight 3 fill the queue.
    expect([log.isFull, log.lost, log.mustRefuse]).toEqual([true, 7, false]);
    await until(() => files.attempts > 2);
    expect(errors).toHaveLength(1);
    files.isFull = false;
    await until(() => !log.isFull);
    log.record(operation(11));
    await log.close();
    const lines = filesOf(folder).flatMap((file) => linesOf(folder, file).map((line) => JSON.parse(line)));
    expect(lines.map(({ kind, requestId, operations }) => requestId ?? `${kind} ${operations}`)).toEqual([
      'LOST 7',
      'r0',
      'r1',
      'r2',
      'r11',
    ]);
    expect(await kindsOf(folder)).toEqual([]);
  });

  it('asks to refuse requests, if it is required', async () => {
    const { files, log } = await openFailing(true);
    expect(log.mustRefuse).toBe(false);
    for (let number = 0; number < 3; number += 1) log.record(operation(number));
    expect(log.mustRefuse).toBe(true);
    files.isFull = false;
    await until(() => !log.mustRefuse);
    await log.close();
  });

  it('does not hold up a stop', async () => {
    const { log } = await openFailing(false);
    const closing = openLog(temporaryFolder(), { limits: { closeMs: 10 } });
    await (await closing).close();
    log.record(operation(1));
    await sleep(5);
  });
});
