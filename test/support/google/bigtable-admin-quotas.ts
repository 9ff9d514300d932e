import { status } from '@grpc/grpc-js';
import type { Fault } from './fault-proxy.js';
import { LIMITS } from './limits.js';
import { QuotaWindows } from './quota-windows.js';

const { adminQuotas: QUOTAS } = LIMITS.bigtable;
export type AdminQuota = keyof typeof QUOTAS;

/** Calls for values have no quota. */
const VALUES = /^(ReadRows|SampleRowKeys|MutateRows?|CheckAndMutateRow|ReadModifyWriteRow|PingAndWarm)$/;
const READS = /^(Get|List|Check|Test)/;

/** The quotas of Bigtable's admin API, for `decide` of a proxy before the emulator. Off unless a test says how long a minute is. */
export class BigtableAdminQuotas {
  minuteMs: number | null = null;
  /** Tests with few calls use less. */
  readonly aMinute: Record<AdminQuota, number> = {
    instanceReads: QUOTAS.instanceReads.aMinute,
    instanceWrites: QUOTAS.instanceWrites.aMinute,
    appProfileReads: QUOTAS.appProfileReads.aMinute,
    appProfileWrites: QUOTAS.appProfileWrites.aMinute,
    tableReads: QUOTAS.tableReads.aMinute,
    tableWrites: QUOTAS.tableWrites.aMinute,
  };
  readonly windows = new QuotaWindows();

  get refused(): ReadonlyMap<string, number> {
    return this.windows.refused;
  }

  /** A call beyond a quota is refused with RESOURCE_EXHAUSTED, and nothing is done. */
  decide(method: string): Fault | undefined {
    const quota = quotaOf(method);
    if (this.minuteMs === null || quota === null) return undefined;
    const { aDay } = QUOTAS[quota];
    const hasRoom =
      this.windows.take(quota, this.aMinute[quota], this.minuteMs) &&
      (aDay === null || this.windows.take(`${quota} a day`, aDay, this.minuteMs * 24 * 60));
    return hasRoom ? undefined : { kind: 'refused', status: status.RESOURCE_EXHAUSTED };
  }
}

/** null: a call for values. */
export function quotaOf(method: string): AdminQuota | null {
  if (VALUES.test(method)) return null;
  const way = READS.test(method) ? 'Reads' : 'Writes';
  if (/AppProfile/.test(method)) return `appProfile${way}`;
  return /Instance|Cluster/.test(method) ? `instance${way}` : `table${way}`;
}
