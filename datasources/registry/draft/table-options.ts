import { OperatorError } from '../../../errors/operator-error.js';
import type { FileFormat } from '../../files/file-format.js';
import { findOptionFaults, type FileOptions } from '../../files/file-options.js';

/** What the user says about all files. */
export interface DraftFileOptions extends Omit<FileOptions, 'columns'> {
  /** Absent: the endings of the names decide. */
  readonly format?: FileFormat | undefined;
}

const TEXT_ONLY = ['encoding', 'compression', 'dateFormat', 'timestampFormat'] as const;
const CSV_ONLY = ['delimiter', 'header', 'nullText', 'decimal'] as const;

/**
 * The options with which a file of this format is read first. Options of other formats are left out. So is what a date
 * means: it is said of one column, and the others stay dates.
 */
export function optionsFor(
  format: FileFormat,
  { format: _, dateAsMoment: _date, ...options }: DraftFileOptions,
): FileOptions {
  const misplaced = new Set<string>([
    ...(format === 'CSV' ? [] : CSV_ONLY),
    ...(format === 'PARQUET' ? TEXT_ONLY : []),
  ]);
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => !misplaced.has(name) && value !== undefined && value !== null),
  );
}

/** Refuses options that are invalid, or that no named file can have. */
export function checkDraftOptions(options: DraftFileOptions, formats: ReadonlySet<FileFormat>): void {
  const { format: _, ...said } = options;
  const perFormat = [...formats].map((format) => findOptionFaults(said, format));
  // An option that only some of the formats have is for the files of those.
  const faults = perFormat
    .flat()
    .filter(({ option }) => perFormat.every((others) => others.some((other) => other.option === option)));
  if (faults.length === 0) return;
  throw new OperatorError('These options do not fit:', [
    ...new Set(faults.map(({ option, message }) => `${toFlag(option)}: ${message}`)),
  ]);
}

/** timeZone: --time-zone. */
function toFlag(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
