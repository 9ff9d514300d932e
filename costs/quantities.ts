import { badInput } from '../errors/app-error.js';
import { Decimal } from './decimal.js';

interface Range {
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
}

const whole = (least: number, most: number): Range => ({ least, most, isWhole: true });
const real = (least: number, most: number): Range => ({ least, most, isWhole: false });

/**
 * The permitted quantities. Each maximum is far above real use, so that a typing error is refused with its field and
 * not priced. No product of them exceeds the digits of money.
 */
const RANGES = {
  rows: whole(0, 1e15),
  predictions: whole(0, 1e15),
  secondsPerBatch: real(0.000_001, 86_400),
  assumedSecondsPerBatch: real(0.000_001, 86_400),
  batchSize: whole(1, 1_000_000),
  startingReplicaCount: whole(1, 10_000),
  startupMinutes: real(0, 1440),
  replicaHours: real(0, 1e9),
  acceleratorCount: whole(1, 16),
  minNodes: whole(0, 10_000),
  maxNodes: whole(0, 10_000),
  averageNodes: real(0, 10_000),
  hours: real(0, 100_000),
  onlineStorageGib: real(0, 1e9),
  readsPerMonth: whole(0, 1e15),
  syncedGibPerMonth: real(0, 1e9),
  offlineStorageGib: real(0, 1e12),
  offlineLongTermStorageGib: real(0, 1e12),
  scannedTibPerMonth: real(0, 1e9),
  bytes: whole(0, 1e21),
  quantity: real(0, 1e15),
  times: real(1, 1e12),
} satisfies Record<string, Range>;

export type QuantityField = keyof typeof RANGES;

/** A checked quantity of a request. `path` is the field as the client wrote it, inside a list. */
export function quantity(field: QuantityField, value: number | bigint, path: string = field): Decimal {
  const { least, most, isWhole } = RANGES[field];
  const isNumber = typeof value === 'bigint' || Number.isFinite(value);
  if (
    isNumber &&
    value >= least &&
    value <= most &&
    (!isWhole || typeof value === 'bigint' || Number.isInteger(value))
  ) {
    return new Decimal(value);
  }
  throw badInput(`"${path}" is a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}, not ${value}.`, path);
}
