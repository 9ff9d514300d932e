import { createHash } from 'node:crypto';
import type { Feature } from '../../datasources/registry/model.js';
import type { CellStatus, FeatureCell } from '../../values/feature-cell.js';
import { formatInstant, parseInstant, type Instant } from '../../values/instant.js';
import { isValueType, type ValueType } from '../../values/value-type.js';
import { toCanonicalJson } from '../../values/canonical-json.js';
import { decodeServedValue, encodeServedValue } from './served-value.js';

/** A feature as the registry had it when it was served. */
export interface ServedFeature {
  readonly name: string;
  readonly valueType: ValueType;
  /** The fingerprint of its definition (`definitionOf`). */
  readonly definition: string;
}

export interface ServedRow {
  /** Canonical. */
  readonly entityId: string;
  /** In the order of the features. */
  readonly cells: readonly FeatureCell[];
}

/** One read of an online store: a line of the log. */
export interface ServedRead {
  /** The gateway's clock when it sent the read to the store. */
  readonly time: Instant;
  /** The keyed hash of the principal. */
  readonly principal: string;
  readonly featurestore: string;
  readonly entityType: string;
  readonly features: readonly ServedFeature[];
  readonly rows: readonly ServedRow[];
}

const definitions = new WeakMap<Feature, ServedFeature>();

/** A feature with a fingerprint of all that decides its values: its type, its ttl and its source. */
export function toServedFeature(feature: Feature): ServedFeature {
  let served = definitions.get(feature);
  if (!served) {
    const { name, valueType } = feature;
    served = { name, valueType, definition: fingerprint(feature) };
    definitions.set(feature, served);
  }
  return served;
}

function fingerprint({ valueType, ttl, column, source, entityType }: Feature): string {
  const facts = [
    valueType,
    ttl,
    column,
    [source.name, source.sql, source.timestampColumn, source.createdTimestampColumn, source.sequenceColumn],
    entityType.dense,
  ];
  return createHash('sha256').update(toCanonicalJson(facts)).digest('base64url').slice(0, 12);
}

/** A line without its line end. docs/served-log.md describes it. */
export function encodeServedRead({ time, principal, featurestore, entityType, features, rows }: ServedRead): string {
  return JSON.stringify({
    time: formatInstant(time),
    principal,
    featurestore,
    entityType,
    features: features.map(({ name, valueType, definition }) => [name, valueType, definition]),
    rows: rows.map(({ entityId, cells }) => [
      entityId,
      ...cells.map(({ status, value, timestamp }, index) => [
        status,
        value === null ? null : encodeServedValue(features[index]!.valueType, value),
        timestamp === null ? null : formatInstant(timestamp),
      ]),
    ]),
  });
}

interface Line {
  readonly time: string;
  readonly principal: string;
  readonly featurestore: string;
  readonly entityType: string;
  readonly features: readonly (readonly [string, string, string])[];
  readonly rows: readonly (readonly [string, ...(readonly [CellStatus, string | null, string | null])[]])[];
}

/** undefined for a line that a killed process left in the middle, and for text that is no line. */
export function decodeServedRead(text: string): ServedRead | undefined {
  try {
    const { time, principal, featurestore, entityType, features, rows } = JSON.parse(text) as Line;
    const served = features.map(([name, valueType, definition]): ServedFeature => {
      if (!isValueType(valueType)) throw new TypeError(`${valueType} is no value type`);
      return { name, valueType, definition };
    });
    return {
      time: parseInstant(time),
      principal,
      featurestore,
      entityType,
      features: served,
      rows: rows.map(([entityId, ...cells]) => ({
        entityId,
        cells: cells.map(([status, value, timestamp], index) => ({
          status,
          value: value === null ? null : decodeServedValue(served[index]!.valueType, value),
          timestamp: timestamp === null ? null : parseInstant(timestamp),
        })),
      })),
    };
  } catch {
    return undefined;
  }
}
