import type { ApolloServerPlugin } from '@apollo/server';
import type { Logger } from '../observability/logger.js';
import type { ServerContext } from './execution-plugin.js';

/** The names of operations are made up by clients: no line of the log gets longer than this by one. */
const MAX_NAME_LENGTH = 100;

/**
 * Logs which operation was answered with which errors, under the request id: the line of the request itself says 200, and
 * a client's report says little more. Codes only: messages repeat what clients sent.
 */
export function errorLogPlugin(logger: Logger): ApolloServerPlugin<ServerContext> {
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ response, request, operationName }) => {
        if (response.body.kind !== 'single') return;
        const { errors } = response.body.singleResult;
        if (!errors) return;
        const codes = [...new Set(errors.map(({ extensions }) => extensions?.code))];
        const operation = (operationName ?? request.operationName)?.slice(0, MAX_NAME_LENGTH);
        logger.warn({ operation, codes, errors: errors.length }, 'answered with errors');
      },
    }),
  };
}
