import type { Table } from '@google-cloud/bigtable';
import { setTimeout as pause } from 'node:timers/promises';
import { KeyedTasks } from '../../../runtime/keyed-tasks.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import { GRPC_STATUS, GrpcStatusError } from '../grpc-status.js';
import { idempotentOptions, readOptions } from './client.js';

/** The columns of a row. A row that does not exist has none. */
export type Columns = ReadonlyMap<string, string>;

/** What a change does to a row. */
export interface RowChange<Result> {
  /** The columns to set; null deletes one. Absent: the row stays as it is, and nothing is written. */
  readonly set?: Readonly<Record<string, string | null>>;
  readonly result: Result;
}

export interface VersionedRowsOptions {
  readonly table: Table;
  readonly family: string;
  /** How long one call may take with all attempts, and how long a change tries to get in between other writers. */
  readonly deadlineMs: number;
  /** Makes the name of a change; no two changes have the same one. */
  readonly newId: () => string;
}

/** The rows of a range, in the order of their keys. */
export interface RowRange {
  readonly prefix: string;
  /** Only rows after this key. */
  readonly after?: string;
  /** Only rows before this key. */
  readonly before?: string;
  readonly limit?: number;
}

const VERSION = 'version';

/**
 * A row names its last changes. So a change whose response was lost finds itself there, also when other changes came
 * after it.
 */
const NAMED_CHANGES = 32;

const KEYS_PER_REQUEST = 100;
const LONGEST_PAUSE_MS = 200;

/** Every cell has this time, so that a column has one cell and a write replaces it. */
const CELL_TIME = new Date(0);

/**
 * Rows that many processes change, each change in one atomic step. Bigtable has no transactions but CheckAndMutateRow,
 * which tests and changes one row. So a change reads the row, computes the new columns, and writes them only if the row
 * still has the version that was read; otherwise it begins again. Some writer always succeeds.
 *
 * A call whose response was lost is repeated with the same version: if the first attempt took effect, the repetition
 * changes nothing, and the row names the change.
 */
export class VersionedRows {
  readonly #options: VersionedRowsOptions;
  /** Changes of this process to one row would only make each other begin again. */
  readonly #tasks = new KeyedTasks();

  constructor(options: VersionedRowsOptions) {
    this.#options = options;
  }

  /**
   * Changes a row in one atomic step. `decide` may run several times, and has no side effects but those that its last
   * run overwrites.
   */
  async change<Result>(key: string, decide: (columns: Columns) => RowChange<Result>): Promise<Result> {
    return this.#tasks.run(key, async () => {
      const end = performance.now() + this.#options.deadlineMs;
      for (let attempt = 0; ; attempt += 1) {
        const columns = await this.read(key);
        const { set, result } = decide(columns);
        if (set === undefined) return result;
        if (await this.#write(key, columns.get(VERSION), set)) return result;
        if (performance.now() >= end) {
          throw new GrpcStatusError(GRPC_STATUS.ABORTED, 'other writers changed the row again and again');
        }
        await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** attempt));
      }
    });
  }

  /** Sets columns whatever the row has. A repeated call changes nothing more. */
  async put(key: string, set: Readonly<Record<string, string>>): Promise<void> {
    const mutations = this.#mutations(set);
    // MutateRows would do, but its client waits two seconds before it repeats a call.
    await this.#check(key, [{ all: true }], { onMatch: mutations, onNoMatch: mutations });
  }

  /** Deletes a row; with columns, only while each of them has this content. */
  async remove(key: string, column?: { readonly name: string; readonly content: string }): Promise<void> {
    const filter = column ? this.#hasContent(column.name, column.content) : [{ all: true }];
    await this.#check(key, filter, { onMatch: [{ method: 'delete' }] });
  }

  async read(key: string): Promise<Columns> {
    return (await this.readAll([key])).get(key) ?? new Map<string, string>();
  }

  /** The rows that exist, by key. */
  async readAll(keys: readonly string[]): Promise<ReadonlyMap<string, Columns>> {
    // The keys of a request are never empty: an empty list would read the whole table.
    const requests = toChunks([...new Set(keys)], KEYS_PER_REQUEST).map((some) => this.#getRows({ keys: some }));
    return new Map((await Promise.all(requests)).flat());
  }

  async scan({
    prefix,
    after = prefix,
    before = endOfPrefix(prefix),
    limit,
  }: RowRange): Promise<readonly (readonly [string, Columns])[]> {
    const range = {
      start: { value: after, inclusive: after === prefix },
      end: { value: before, inclusive: false },
    };
    return this.#getRows({ ranges: [range], ...(limit === undefined ? {} : { limit }) });
  }

  /** Whether the change took effect. */
  async #write(key: string, seen: string | undefined, set: NonNullable<RowChange<never>['set']>): Promise<boolean> {
    const name = this.#options.newId();
    const version = [name, ...(seen?.split(' ') ?? [])].slice(0, NAMED_CHANGES).join(' ');
    const mutations = this.#mutations({ ...set, [VERSION]: version });
    const isMatch = await this.#check(
      key,
      seen === undefined ? this.#column(VERSION) : this.#hasContent(VERSION, seen),
      seen === undefined ? { onNoMatch: mutations } : { onMatch: mutations },
    );
    if (isMatch === (seen !== undefined)) return true;
    const now = (await this.read(key)).get(VERSION);
    return now?.split(' ').includes(name) ?? false;
  }

  async #check(key: string, filter: readonly object[], branches: CheckBranches): Promise<boolean> {
    const { table, deadlineMs } = this.#options;
    const [isMatch] = await table.row(key).filter([...filter], {
      ...branches,
      gaxOptions: idempotentOptions(deadlineMs),
    });
    return isMatch === true;
  }

  async #getRows(rows: object): Promise<[string, Columns][]> {
    const { table, family, deadlineMs } = this.#options;
    const [found] = await table.getRows({
      ...rows,
      // Returns raw bytes: otherwise the client returns a value of eight bytes as a number.
      decode: false,
      filter: [{ family: Buffer.from(family) }, { column: { cellLimit: 1 } }],
      gaxOptions: readOptions(deadlineMs),
    });
    return found.map((row) => {
      const columns = (row.data as Record<string, Record<string, readonly { value: Buffer }[]>>)[family] ?? {};
      const contents = Object.entries(columns).map(([name, [cell]]) => [name, cell!.value.toString()] as const);
      return [Buffer.from(row.id).toString(), new Map(contents)];
    });
  }

  #mutations(set: Readonly<Record<string, string | null>>): object[] {
    const { family } = this.#options;
    return Object.entries(set).map(([name, content]) =>
      content === null
        ? { method: 'delete', data: [`${family}:${name}`] }
        : { method: 'insert', data: { [family]: { [name]: { value: Buffer.from(content), timestamp: CELL_TIME } } } },
    );
  }

  /** Filters whose strings are regular expressions; the client escapes the text of a Buffer. */
  #column(name: string): object[] {
    return [{ family: Buffer.from(this.#options.family) }, { column: { name: Buffer.from(name) } }];
  }

  #hasContent(name: string, content: string): object[] {
    const bound = { value: Buffer.from(content), inclusive: true };
    return [...this.#column(name), { value: { start: bound, end: bound } }];
  }
}

interface CheckBranches {
  readonly onMatch?: object[];
  readonly onNoMatch?: object[];
}

/** The first key after all keys with the prefix. Prefixes end in a character of ASCII. */
function endOfPrefix(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
