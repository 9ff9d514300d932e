import type { Feature } from '../datasources/registry/model.js';
import type { CompileText, SelectedField } from '../schema/write-text.js';
import { toClientValue } from '../values/client-value.js';
import type { FeatureCell } from '../values/feature-cell.js';
import { formatInstant, secondsBetween, type Instant } from '../values/instant.js';
import { quote, toJson } from '../values/json-text.js';
import type { RequestContext } from './context.js';
import { selectFeatures, type EntityHandle } from './entity.js';

interface FeaturesArguments {
  readonly names?: readonly string[] | null;
  readonly view?: string | null;
}

type WriteCell = (feature: Feature, cell: FeatureCell, readAt: Instant) => string;

/** A field of FeatureValue as JSON, and what alone decides it. `feature` is an object with fields of its own. */
interface PlainField {
  readonly dependsOn: 'feature' | 'value' | 'time';
  readonly write: WriteCell;
}

const FIELDS: Readonly<Record<string, PlainField>> = {
  __typename: { dependsOn: 'feature', write: () => '"FeatureValue"' },
  name: { dependsOn: 'feature', write: ({ name }) => quote(name) },
  value: {
    dependsOn: 'value',
    write: ({ valueType }, { value }) => (value === null ? 'null' : toJson(toClientValue(valueType, value))),
  },
  status: { dependsOn: 'time', write: (_feature, { status }) => `"${status}"` },
  timestamp: {
    dependsOn: 'time',
    write: (_feature, { timestamp }) => (timestamp === null ? 'null' : `"${formatInstant(timestamp)}"`),
  },
  ageSeconds: {
    dependsOn: 'time',
    write: (_feature, { timestamp }, readAt) =>
      timestamp === null ? 'null' : String(secondsBetween(timestamp, readAt)),
  },
};

/**
 * Writes the field `features` of an entity from its cells: a list of entities has thousands of values, and most of the work
 * of each would be to make an object and to look at its fields.
 */
export const compileFeaturesText: CompileText = (selected) => {
  const writeCell = compileCell(selected);
  return (
    writeCell &&
    (async (root, { names, view }: FeaturesArguments, context) => {
      const entity = root as EntityHandle;
      const { loaders, now } = context as RequestContext;
      const features = selectFeatures(entity.entityType, names, view);
      const cells = await loaders.readCells(entity, features);
      const readAt = entity.asOf ?? now;
      let text = '[';
      for (let index = 0; index < cells.length; index += 1) {
        if (index > 0) text += ',';
        text += writeCell(features[index]!, cells[index]!, readAt);
      }
      return `${text}]`;
    })
  );
};

/** undefined when a field is not plain. */
function compileCell(selected: readonly SelectedField[]): WriteCell | undefined {
  // A query can skip all of them.
  if (selected.length === 0) return () => '{}';
  const parts: { readonly dependsOn: PlainField['dependsOn']; readonly writes: WriteCell[] }[] = [];
  for (const [index, { name, field }] of selected.entries()) {
    const plain = FIELDS[field];
    if (!plain) return undefined;
    const label = `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`;
    const write: WriteCell = (feature, cell, readAt) => label + plain.write(feature, cell, readAt);
    const last = parts.at(-1);
    if (last?.dependsOn === plain.dependsOn) last.writes.push(write);
    else parts.push({ dependsOn: plain.dependsOn, writes: [write] });
  }
  const writes = parts.map(({ dependsOn, writes: ofPart }) => {
    const write: WriteCell = (feature, cell, readAt) => ofPart.map((each) => each(feature, cell, readAt)).join('');
    return REMEMBERED[dependsOn](ofPart.length === 1 ? ofPart[0]! : write);
  });
  return (feature, cell, readAt) => {
    let text = '';
    for (const write of writes) text += write(feature, cell, readAt);
    return `${text}}`;
  };
}

/** What the cells of a list share is written once. */
const REMEMBERED = {
  value: (write) => write,

  feature: (write) => {
    const texts = new Map<Feature, string>();
    return (feature, cell, readAt) => {
      let text = texts.get(feature);
      if (text === undefined) texts.set(feature, (text = write(feature, cell, readAt)));
      return text;
    };
  },

  // The values of one row share their time, and most of their status.
  time: (write) => {
    let last: FeatureCell | undefined;
    let lastReadAt: Instant | undefined;
    let text = '';
    return (feature, cell, readAt) => {
      if (cell.timestamp !== last?.timestamp || cell.status !== last.status || readAt !== lastReadAt) {
        text = write(feature, cell, readAt);
        last = cell;
        lastReadAt = readAt;
      }
      return text;
    };
  },
} satisfies Record<PlainField['dependsOn'], (write: WriteCell) => WriteCell>;
