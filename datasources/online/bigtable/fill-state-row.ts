import type { Instant } from '../../../values/instant.js';
import { NO_VERSION } from './cell-codec.js';
import {
  columnFilter,
  deleteColumnsMutation,
  setCellMutation,
  newerThanFilter,
  valueFilter,
  toQualifier,
  type CellWrite,
  type WriteTarget,
} from './conditional-write.js';
import { readRows } from './read-rows.js';
import { idempotentOptions } from './client.js';

const CONTENTS = 'contents';
const FILLER = 'filler';
const UNTIL = 'until';

export interface FillState {
  /** What the entity type is filled with; undefined when it is not, or not yet. */
  readonly fingerprint: string | undefined;
  /** Who fills it now, or died of it. */
  readonly filler: string | undefined;
  /** When another may take the filler's place; null when there is none. */
  readonly until: Instant | null;
}

/**
 * The row that says what an entity type was filled with, and who is filling it now. In the table, not on this machine: many
 * gateways serve from one table. Each change is one conditional call. Repeated because its answer was lost, it finds what
 * it has done itself.
 */
export class FillStateRow {
  constructor(
    private readonly target: WriteTarget,
    private readonly key: string,
  ) {}

  async read(): Promise<FillState> {
    const slots = [CONTENTS, FILLER, UNTIL];
    const rows = await readRows({ ...this.target, keys: [this.key], slots, until: null });
    const row = rows.get(this.key);
    return {
      fingerprint: row?.get(CONTENTS)?.value as string | undefined,
      filler: row?.get(FILLER)?.value as string | undefined,
      until: row?.get(UNTIL)?.timestamp ?? null,
    };
  }

  /** Makes this one the filler, unless there is another whose time is not over. */
  async acquire(filler: string, now: Instant, until: Instant): Promise<boolean> {
    const { table, family, deadlineMs } = this.target;
    const isTaken = [
      ...columnFilter(family, toQualifier(UNTIL)),
      ...newerThanFilter(0, { ...NO_VERSION, timestamp: now }),
    ];
    const [wasTaken] = await table.row(this.key).filter(isTaken, {
      onNoMatch: [
        setCellMutation(family, { ...emptyCell(FILLER), value: filler }),
        setCellMutation(family, leaseEndCell(until)),
      ],
      gaxOptions: idempotentOptions(deadlineMs),
    });
    return wasTaken === false || (await this.read()).filler === filler;
  }

  // What only the filler may do. False when it is the filler no more.

  async renew(filler: string, until: Instant): Promise<boolean> {
    return this.#mutateAsFiller(filler, setCellMutation(this.target.family, leaseEndCell(until)));
  }

  /** The store is not filled from now on. */
  async begin(filler: string): Promise<boolean> {
    return this.#mutateAsFiller(filler, deleteColumnsMutation(this.target.family, [CONTENTS]));
  }

  /** The store is filled, and free. */
  async finish(filler: string, contents: string): Promise<boolean> {
    const { family } = this.target;
    const filled = setCellMutation(family, { ...emptyCell(CONTENTS), value: contents });
    return this.#mutateAsFiller(filler, filled, deleteColumnsMutation(family, [FILLER, UNTIL]));
  }

  async release(filler: string): Promise<boolean> {
    return this.#mutateAsFiller(filler, deleteColumnsMutation(this.target.family, [FILLER, UNTIL]));
  }

  async #mutateAsFiller(filler: string, ...changes: object[]): Promise<boolean> {
    const { table, family, deadlineMs } = this.target;
    const isFiller = [...columnFilter(family, toQualifier(FILLER)), ...valueFilter(filler)];
    const [wasFiller] = await table
      .row(this.key)
      .filter(isFiller, { onMatch: changes, gaxOptions: idempotentOptions(deadlineMs) });
    return wasFiller === true;
  }
}

function emptyCell(slot: string): CellWrite {
  return { qualifier: toQualifier(slot), millis: 0, version: NO_VERSION, value: null };
}

/** The end is the version, not the value: the server can compare versions. */
function leaseEndCell(until: Instant): CellWrite {
  return { ...emptyCell(UNTIL), version: { ...NO_VERSION, timestamp: until } };
}
