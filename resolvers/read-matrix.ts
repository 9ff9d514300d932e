import type { Feature } from '../datasources/registry/model.js';
import type { FeatureCell } from '../values/feature-cell.js';
import type { RowTexts } from '../values/row-texts.js';
import { namedEntityType } from './catalogue.js';
import type { RequestContext } from './context.js';
import { entityHandles, selectFeatures, type EntityHandle, type ReadRequest } from './entity.js';

export interface MatrixArguments extends ReadRequest {
  readonly featurestore: string;
  readonly entityType: string;
  readonly entityIds: readonly string[];
  readonly names: string[];
}

/** What a request asks for, before the read. */
interface AskedMatrix {
  readonly entities: readonly EntityHandle[];
  readonly names: string[];
  readonly features: readonly Feature[];
}

/** rows[i][j] is feature j of entity i. */
export interface MatrixRows extends AskedMatrix {
  readonly rows: readonly FeatureCell[][];
}

/** The same with the rows as JSON. */
export interface MatrixTexts extends AskedMatrix {
  readonly rows: readonly RowTexts[];
}

export async function readMatrix(context: RequestContext, args: MatrixArguments): Promise<MatrixRows> {
  const asked = askMatrix(context, args);
  return { ...asked, rows: await context.loaders.readRows(asked.entities, asked.features) };
}

/** It rejects in the same step as readMatrix: which of two errors comes first decides what an answer reports. */
export async function readMatrixTexts(context: RequestContext, args: MatrixArguments): Promise<MatrixTexts> {
  const asked = askMatrix(context, args);
  return { ...asked, rows: await context.loaders.readTexts(asked.entities, asked.features) };
}

function askMatrix(context: RequestContext, args: MatrixArguments): AskedMatrix {
  const entityType = namedEntityType(context, args.featurestore, args.entityType);
  const features = selectFeatures(context.access, entityType, args.names, null);
  return { entities: entityHandles(entityType, args.entityIds, args), names: args.names, features };
}
