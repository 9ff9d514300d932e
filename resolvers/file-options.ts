import { checkOptions, type FileOptions } from '../datasources/files/file-options.js';
import type { FileFormat } from '../datasources/files/file-format.js';
import type { FileOptions as ShownFileOptions } from '../schema/job/file-options.js';
import type { FileOptionsInput } from '../schema/job/file-options-input.js';

const OPTIONS = [
  'delimiter',
  'header',
  'nullText',
  'decimal',
  'encoding',
  'compression',
  'dateFormat',
  'timestampFormat',
  'timeZone',
  'dateAsMoment',
] as const satisfies (keyof FileOptionsInput & keyof FileOptions)[];

/** The file options of a request. Options that the format does not have are refused. `field` is their path. */
export function fileOptions(input: FileOptionsInput, format: FileFormat, field: string): FileOptions {
  const given = OPTIONS.filter((option) => input[option] != null);
  const options: FileOptions = Object.fromEntries(given.map((option) => [option, input[option]]));
  checkOptions(options, format, field);
  return options;
}

/** The file options of a job, as clients read them. */
export function shownFileOptions(options: FileOptions = {}): ShownFileOptions {
  return Object.fromEntries(OPTIONS.map((option) => [option, options[option] ?? null])) as unknown as ShownFileOptions;
}
