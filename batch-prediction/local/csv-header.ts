import { open } from 'node:fs/promises';

/** More than any header has; a file without a line end must not be read as a whole for it. */
const MAX_HEADER_BYTES = 1024 * 1024;

/**
 * The names in the first line of a CSV file (RFC 4180). Read here and not by DuckDB's sniffer: that looks at many lines,
 * and one odd line among them makes it skip the header or refuse the file. undefined: there is no such line.
 */
export async function readCsvHeader(path: string): Promise<string[] | undefined> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
    return parseHeader(buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, ''));
  } finally {
    await file.close();
  }
}

const CSV_FIELD = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\r|$)/y;

function parseHeader(text: string): string[] | undefined {
  const names: string[] = [];
  CSV_FIELD.lastIndex = 0;
  for (;;) {
    const match = CSV_FIELD.exec(text);
    if (!match) return undefined;
    const [, field = '', end] = match;
    names.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end !== ',') return names;
  }
}
