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
import { idempotentOptions } from '../../google/bigtable/client.js';

const CONTENTS = 'contents';
const FILLER = 'filler';
const UNTIL = 'until';
const BEGUN = 'begun';
const FILLING = 'filling';

/** A fill that began: its name, which is in every row that it replaced, and the contents that it brings. */
export interface BegunFill {
  readonly filling: string;
  readonly fingerprint: string;
}

export interface FillState {
  /** The fingerprint of the fill; undefined when the entity type is not filled completely. */
  readonly fingerprint: string | undefined;
  /** The process that fills it now, or that died during a fill. */
  readonly filler: string | undefined;
  /** When another process may take over the fill; null when no process fills. */
  readonly until: Instant | null;
  /** The fill that runs now or broke off; undefined when the last one finished. */
  readonly begun: BegunFill | undefined;
}

/**
 * The row with the fingerprint of an entity type's fill and the process that fills it now. The row is in the table and
 * not on this machine, because many gateways serve from one table. Each change is one conditional call. If a response
 * is lost, the repeated call finds the change that the first one made.
 */
export class FillStateRow {
  constructor(
    private readonly target: WriteTarget,
    private readonly key: string,
  ) {}

  async read(): Promise<FillState> {
    const slots = [CONTENTS, FILLER, UNTIL, BEGUN, FILLING];
    const rows = await readRows({ ...this.target, keys: [this.key], slots, until: null });
    const row = rows.get(this.key);
    const filling = row?.get(FILLING)?.value as string | undefined;
    const begun = row?.get(BEGUN)?.value as string | undefined;
    return {
      fingerprint: row?.get(CONTENTS)?.value as string | undefined,
      filler: row?.get(FILLER)?.value as string | undefined,
      until: row?.get(UNTIL)?.timestamp ?? null,
      begun: filling === undefined || begun === undefined ? undefined : { filling, fingerprint: begun },
    };
  }

  /** Makes this process the filler, unless another process has a lease that has not expired. */
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

  // A change that only the filler may make. False when this process is the filler no longer.

  async renew(filler: string, until: Instant): Promise<boolean> {
    return this.#mutateAsFiller(filler, setCellMutation(this.target.family, leaseEndCell(until)));
  }

  /** Marks the store as not filled, and notes what begins. */
  async begin(filler: string, { filling, fingerprint }: BegunFill): Promise<boolean> {
    const { family } = this.target;
    return this.#mutateAsFiller(
      filler,
      deleteColumnsMutation(family, [CONTENTS]),
      setCellMutation(family, { ...emptyCell(FILLING), value: filling }),
      setCellMutation(family, { ...emptyCell(BEGUN), value: fingerprint }),
    );
  }

  /** Marks the store as filled, and releases the lease. */
  async finish(filler: string, contents: string): Promise<boolean> {
    const { family } = this.target;
    const filled = setCellMutation(family, { ...emptyCell(CONTENTS), value: contents });
    return this.#mutateAsFiller(filler, filled, deleteColumnsMutation(family, [FILLER, UNTIL, BEGUN, FILLING]));
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

/** The end of the lease is the version and not the value, because the server can compare versions. */
function leaseEndCell(until: Instant): CellWrite {
  return { ...emptyCell(UNTIL), version: { ...NO_VERSION, timestamp: until } };
}
