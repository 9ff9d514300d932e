import type { ApolloServerPlugin } from '@apollo/server';
import type { ServerContext } from './execution-plugin.js';
import type { ReportOperation } from './report-operation.js';
import { noteRefusal } from './run-operation.js';

/** Reports the operations that Apollo answers. */
export function reportPlugin(report: ReportOperation): ApolloServerPlugin<ServerContext> {
  return {
    requestDidStart: async () => {
      const startedAt = performance.now();
      return {
        willSendResponse: async ({ operation, operationName, request, contextValue, response: { body } }) => {
          const { errors, data } = body.kind === 'single' ? body.singleResult : {};
          noteRefusal(contextValue.place, errors, operation?.operation);
          report({
            type: operation?.operation ?? 'none',
            name: operationName ?? request.operationName,
            principal: contextValue.principal.kind,
            documentId: (contextValue.place ?? contextValue.admission)?.documentId,
            startedAt,
            errors,
            hasData: Boolean(data),
          });
        },
      };
    },
  };
}
