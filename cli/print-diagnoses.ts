import type { Diagnosis } from '../datasources/diagnosis.js';

/** The indentation of a finding's further lines, below its status. */
const INDENT = ' '.repeat(11);

/** Prints findings as they arrive, each text as `redact` gives it. Exit code 1 when there is a fault, so that a deployment can stop. */
export async function printDiagnoses(
  diagnoses: readonly Diagnosis[],
  redact: (text: string) => string = (text) => text,
): Promise<void> {
  let faults = 0;
  for (const { store, findings } of diagnoses) {
    print(redact(store));
    for await (const { status, message, remedy } of findings) {
      if (status === 'fault') faults += 1;
      print(`  ${status.padEnd(8)} ${redact(message).replaceAll('\n', `\n${INDENT}`)}`);
      if (remedy !== undefined) print(`${INDENT}-> ${redact(remedy)}`);
    }
  }
  print(faults === 0 ? 'No faults.' : `${faults} fault${faults === 1 ? '' : 's'}.`);
  if (faults > 0) process.exitCode = 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
