import { Registry } from '../datasources/registry/registry.js';
import { registryDocument } from '../datasources/registry/document/document.js';
import { toModel } from '../datasources/registry/document/to-model.js';

/** One entity type, dense if nothing else is said, with features of mixed types. */
export function benchRegistry(featureCount = 20, dense = true): Registry {
  const types = ['DOUBLE', 'INT64', 'STRING', 'BOOL'];
  const document = registryDocument.parse({
    featurestores: [
      {
        name: 'bench',
        entityTypes: [
          {
            name: 'thing',
            dense,
            sources: [
              {
                features: Array.from({ length: featureCount }, (_, index) => ({
                  name: `f${index}`,
                  valueType: types[index % types.length],
                })),
              },
            ],
          },
        ],
      },
    ],
  });
  return new Registry(toModel(document.featurestores, { sqlTexts: new Map(), tablePaths: new Map() }));
}
