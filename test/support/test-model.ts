import type { Model } from '../../datasources/registry/prediction-model.js';
import { modelEntries, toModels } from '../../datasources/registry/document/model-entries.js';
import type { z } from 'zod';

export type ModelInput = NonNullable<z.input<typeof modelEntries>>[number];

/** A model as a registry file would make it. */
export function testModel(model: Partial<ModelInput>): Model {
  const entries = modelEntries.parse([
    {
      name: 'linear',
      inputs: [
        { name: 'a', valueType: 'DOUBLE' },
        { name: 'b', valueType: 'DOUBLE' },
      ],
      outputs: [{ name: 'y', valueType: 'DOUBLE' }],
      ...model,
    },
  ]);
  return toModels(entries, new Map())[0]!;
}
