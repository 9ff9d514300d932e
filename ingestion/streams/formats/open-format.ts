import type { FeatureStream } from '../../../datasources/registry/model.js';
import { OperatorError } from '../../../errors/operator-error.js';
import { badInput } from '../../../errors/app-error.js';
import { toErrorMessage } from '../../../errors/error-message.js';
import { parseRowJson } from '../../rows/parse-json.js';
import { avroFormat } from './avro.js';
import type { MessageFormat } from './message-format.js';
import { protobufFormat } from './protobuf.js';

/** The format of a stream's messages. An OperatorError for a schema that cannot be read. */
export function openFormat(stream: FeatureStream): MessageFormat {
  if (stream.format === 'JSON') {
    const hasStructs = [...stream.features.keys()].some(({ valueType }) => valueType === 'STRUCT');
    return { decode: (data) => decodeJson(data, hasStructs) };
  }
  const { decode, ...rest } = openSchema(stream);
  return {
    ...rest,
    decode: (data) => {
      try {
        return decode(data);
      } catch {
        // The messages of the libraries repeat content.
        throw badInput(`The message is not ${stream.messageType ?? stream.format} of the schema in the registry.`);
      }
    },
  };
}

function openSchema(stream: FeatureStream): MessageFormat {
  const { name, format, schema, messageType, confluentHeader } = stream;
  try {
    if (format === 'AVRO') return avroFormat(schema ?? '', confluentHeader);
    return protobufFormat(schema ?? '', messageType ?? '');
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
