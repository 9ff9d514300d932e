import type { Instant } from '../../../values/instant.js';
import type { VersionedRows } from '../../google/bigtable/versioned-rows.js';
import { LeaseLost, type SchedulesLease } from '../job-lease.js';
import type { GatewayHeartbeats } from './gateway-heartbeats.js';
import { ROWS } from './row-keys.js';

const OWNER = 'owner';
const TOKEN = 'token';
const KEPT_UNTIL = 'keptUntil';

/** The row that names the one gateway that keeps the schedules, with a token as a job's row has one. */
export class SchedulesRow {
  #held: { readonly token: string; readonly end: AbortController } | undefined;

  constructor(
    private readonly rows: VersionedRows,
    private readonly gateways: GatewayHeartbeats,
  ) {}

  async claim(): Promise<SchedulesLease | null> {
    if (this.#held || this.gateways.isInDoubt) return null;
    const seen = (await this.rows.read(ROWS.schedules)).get(OWNER);
    if (seen !== undefined && seen !== this.gateways.id && (await this.gateways.isAlive(seen))) return null;
    const claimed = await this.rows.change(ROWS.schedules, (columns) => {
      // Another gateway was faster.
      if (columns.get(OWNER) !== seen) return { result: null };
      const token = String(Number(columns.get(TOKEN) ?? 0) + 1);
      return { set: { [OWNER]: this.gateways.id, [TOKEN]: token }, result: { token, kept: columns.get(KEPT_UNTIL) } };
    });
    return claimed && this.#hold(claimed.token, claimed.kept === undefined ? null : BigInt(claimed.kept));
  }

  lose(): void {
    this.#held?.end.abort(new LeaseLost());
    this.#held = undefined;
  }

  #hold(token: string, keptUntil: Instant | null): SchedulesLease {
    const end = new AbortController();
    const mine = (this.#held = { token, end });
    const letGo = (): void => {
      if (this.#held === mine) this.#held = undefined;
    };
    return {
      keptUntil,
      lost: end.signal,
      keep: async (until) => {
        const isMine = await this.#changeAs(token, { [KEPT_UNTIL]: until.toString() });
        if (isMine) return;
        letGo();
        end.abort(new LeaseLost());
        throw new LeaseLost();
      },
      release: async () => {
        letGo();
        await this.#changeAs(token, { [OWNER]: null });
      },
    };
  }

  async #changeAs(token: string, set: Readonly<Record<string, string | null>>): Promise<boolean> {
    return this.rows.change(ROWS.schedules, (columns) =>
      columns.get(TOKEN) === token && columns.get(OWNER) === this.gateways.id
        ? { set, result: true }
        : { result: false },
    );
  }
}
