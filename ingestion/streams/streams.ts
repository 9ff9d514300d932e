import type { Featurestore } from '../../datasources/registry/model.js';
import type { WatchedStream } from './stream-status.js';

/** The streams that this gateway runs. */
export interface Streams {
  ofFeaturestore(featurestore: Featurestore): readonly WatchedStream[];
}

/** A gateway without streams. */
export const NO_STREAMS: Streams = { ofFeaturestore: () => [] };
