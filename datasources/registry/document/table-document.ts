import { z } from 'zod';
import { COMPRESSIONS, FILE_FORMATS, findFormat } from '../../files/file-format.js';
import { DATE_MOMENTS, findOptionFaults } from '../../files/file-options.js';

const file = z
  .string()
  .min(1)
  .describe(
    'A path from the registry file, or npm:package/path: a file, a folder with all files in it, or a pattern such as orders/*.parquet. Parquet, CSV or NDJSON.',
  );

const option = (description: string) => z.string().optional().describe(description);

const withOptions = z
  .strictObject({
    file,
    format: z
      .enum(FILE_FORMATS)
      .optional()
      .describe('What the files are. Nothing: what the endings of their names say.'),
    columns: z
      .record(z.string().min(1), z.string().min(1))
      .default({})
      .describe(
        'What columns are, by their names, where it is not to be found in their values: a DuckDB type, such as VARCHAR for codes. In Parquet: VARCHAR for bytes that are text.',
      ),
    delimiter: option('CSV: the character between fields. Nothing: a comma, and a tab where the name ends in .tsv.'),
    header: z
      .boolean()
      .optional()
      .describe('CSV: whether the first line has the names of the columns. Without it they are column1, column2, …'),
    nullText: option('CSV: an unquoted field of this text is null, as an empty one is.'),
    decimal: option('CSV: what stands before the fraction of a number: a point, or a comma.'),
    encoding: option('CSV and NDJSON: such as ISO-8859-1, WINDOWS-1252 or UTF-16LE. Nothing: UTF-8.'),
    compression: z
      .enum(COMPRESSIONS)
      .optional()
      .describe('CSV and NDJSON. Nothing: what the endings of the names say.'),
    dateFormat: option('CSV and NDJSON: how dates are written, such as %d/%m/%Y. Nothing: ISO 8601.'),
    timestampFormat: option('CSV and NDJSON: how moments are written, such as %d/%m/%Y %H:%M. Nothing: ISO 8601.'),
    timeZone: option(
      'The zone of times that name none, such as UTC or Europe/Zurich. Nothing: such text is no time; in Parquet it is UTC.',
    ),
    dateAsMoment: z
      .enum(DATE_MOMENTS)
      .optional()
      .describe('Which moment a date alone is, in timeZone. Nothing: a date is no moment.'),
  })
  .superRefine(({ file, format, columns: _, ...options }, context) => {
    const known = format ?? findFormat(file);
    if (!known) return;
    for (const { option: name, message } of findOptionFaults(options, known)) {
      context.addIssue({ code: 'custom', path: [name], message });
    }
  });

/** A file that the SQL may read: its path, or its path with facts that the file does not contain. */
export const tableFile = z
  .union([file.transform((path): z.output<typeof withOptions> => ({ file: path, columns: {} })), withOptions], {
    error: 'a table is the path of a file, or { file, columns } with what the file does not say itself',
  })
  .describe('A file the SQL may read.');

export type TableDocument = z.output<typeof tableFile>;
