import type { FeatureStream } from '../../../datasources/registry/model.js';
import { OperatorError } from '../../../errors/operator-error.js';
import { badInput } from '../../../errors/app-error.js';
import { toErrorMessage } from '../../../errors/error-message.js';
import { parseRowJson } from '../../rows/parse-json.js';
import { avroDecoder } from './avro.js';
import { protobufDecoder } from './protobuf.js';

/** Reads the content of a message. Throws for content that is not of the format. */
export type Decode = (data: Uint8Array) => unknown;

/** The decoder of a stream. An OperatorError for a schema that cannot be read. */
export function createDecoder(stream: FeatureStream): Decode {
  if (stream.format === 'JSON') {
    const hasStructs = [...stream.features.keys()].some(({ valueType }) => valueType === 'STRUCT');
    return (data) => decodeJson(data, hasStructs);
  }
  const decode = open(stream);
  return (data) => {
    try {
      return decode(data);
    } catch {
      // The messages of the libraries repeat content.
      throw badInput(`The message is not ${stream.messageType ?? stream.format} of the schema in the registry.`);
    }
  };
}

function open(stream: FeatureStream): Decode {
  const { name, format, schema, messageType, confluentHeader } = stream;
  try {
    if (format === 'AVRO') return avroDecoder(schema ?? '', confluentHeader);
    return protobufDecoder(schema ?? '', messageType ?? '');
  } catch (error) {
    throw new OperatorError(`The schema of the stream "${name}" cannot be read:`, [toErrorMessage(error)], {
      cause: error,
    });
  }
}

function decodeJson(data: Uint8Array, hasStructs: boolean): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    throw badInput('The message is not UTF-8.');
  }
  return parseRowJson(text, hasStructs);
}
