import { LINEAGE_LIMITS } from '../limits/lineage-limits.js';
import type { Dataset, RunEvent } from './open-lineage.js';

/** The text of an event. One that is too long goes without its columns; null: it is too long even so. */
export function writeEvent(event: RunEvent, maxBytes: number = LINEAGE_LIMITS.maxEventBytes): string | null {
  const text = JSON.stringify(event);
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const inputs = event.inputs.map(withoutColumns);
  const short = JSON.stringify({ ...event, inputs, outputs: event.outputs.map(withoutColumns) });
  return Buffer.byteLength(short) <= maxBytes ? short : null;
}

function withoutColumns({ facets, ...dataset }: Dataset): Dataset {
  const { schema: _schema, columnLineage: _lineage, tags: _tags, ...kept } = facets;
  return { ...dataset, facets: kept };
}
