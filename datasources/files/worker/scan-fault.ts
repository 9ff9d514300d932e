/** A fault of the file that is scanned. It ends the scan. */
export class ScanFault extends Error {
  override readonly name = 'ScanFault';
  readonly line: number | null;
  readonly problem: string;

  constructor(line: number | null, problem: string) {
    super(problem);
    this.line = line;
    this.problem = problem;
  }
}

/** Formats a value for a message: short, and on one line. */
export function clip(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
