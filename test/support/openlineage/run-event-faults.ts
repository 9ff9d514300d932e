import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { RunEvent } from '../../../lineage/open-lineage.js';

const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'run-event.schema.json'), 'utf8')) as object;
const ajv = new Ajv2020({ allErrors: true, strict: true });
addFormats.default(ajv);
const isRunEvent = ajv.compile<RunEvent>(schema);

/** What makes an event other than OpenLineage has it, with the path of each fault. */
export function runEventFaults(event: unknown): string[] {
  if (isRunEvent(event)) return [];
  return isRunEvent.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
}
