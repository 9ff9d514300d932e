import { z } from 'zod';
import { COMPRESSIONS, FILE_FORMATS, findFormat } from '../../files/file-format.js';
import { DATE_MOMENTS, findOptionFaults } from '../../files/file-options.js';

const file = z
  .string()
  .min(1)
  .describe(
    'A path from the registry file, or npm:package/path: a file, a folder with all files in it, or a pattern such as orders/*.parquet. Parquet, CSV or JSONL.',
  );

const option = (description: string) => z.string().optional().describe(description);

const withOptions = z
  .strictObject({
    file,
    format: z.enum(FILE_FORMATS).optional().describe('The format of the files. Absent: by the endings of their names.'),
    columns: z
      .record(z.string().min(1), z.string().min(1))
      .default({})
      .describe(
        'The DuckDB types of columns, by column name, such as VARCHAR for codes. Absent: the type that all values have. In Parquet: VARCHAR, for bytes that are text.',
      ),
    delimiter: option('CSV: the character between fields. Absent: a comma, or a tab if the name ends in .tsv.'),
    header: z
      .boolean()
      .optional()
      .describe(
        'CSV: whether the first line has the column names. Absent: true. With false, the names are column1, column2, …',
      ),
    nullText: option('CSV: an unquoted field with this text is null. An empty unquoted field always is.'),
    decimal: option('CSV: the decimal separator: a point or a comma. Absent: a point.'),
    encoding: option('CSV and JSONL: the encoding, such as ISO-8859-1, WINDOWS-1252 or UTF-16LE. Absent: UTF-8.'),
    compression: z
      .enum(COMPRESSIONS)
      .optional()
      .describe('CSV and JSONL: the compression. Absent: by the endings of the names.'),
    dateFormat: option('CSV and JSONL: the format of dates, such as %d/%m/%Y. Absent: ISO 8601.'),
    timestampFormat: option('CSV and JSONL: the format of times, such as %d/%m/%Y %H:%M. Absent: ISO 8601.'),
    timeZone: option(
      'The time zone of times without one, such as UTC or Europe/Zurich. Absent: text without a zone is refused as a time; in Parquet it is UTC.',
    ),
    dateAsMoment: z
      .enum(DATE_MOMENTS)
      .optional()
      .describe('The time that a date stands for, in timeZone. Absent: a date is refused as a time.'),
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
