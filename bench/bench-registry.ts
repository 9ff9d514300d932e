import { Registry } from '../datasources/registry/registry.js';
import { registryDocument } from '../datasources/registry/document/document.js';
import { toModel } from '../datasources/registry/document/to-model.js';

/** One dense entity type with features of mixed types. */
export function benchRegistry(featureCount = 20): Registry {
  const types = ['DOUBLE', 'INT64', 'STRING', 'BOOL'];
  const document = registryDocument.parse({
    featurestores: [
      {
        name: 'bench',
        entityTypes: [
          {
            name: 'thing',
            dense: true,
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
