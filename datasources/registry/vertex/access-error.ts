import { toErrorMessage } from '../../../errors/error-message.js';
import { OperatorError } from '../../../errors/operator-error.js';
import { accessFinding } from '../../google/vertex/access-finding.js';

/** Sees feature groups, features, online stores and views, and reads values. */
const READER = 'roles/aiplatform.featurestoreDataViewer';

/** What to do when Vertex AI does not answer for `what`, which is in `project`: there the role is needed. */
export function toAccessError(what: string, project: string, error: unknown): OperatorError {
  const look = accessFinding(what, `${READER} on project ${project}`, error);
  const words = toErrorMessage(error);
  const details = [
    ...(look.remedy === undefined ? [] : [look.remedy]),
    ...(look.message.includes(words) ? [] : [`Vertex AI says: ${words}`]),
  ];
  return new OperatorError(`Reading Vertex AI failed: ${look.message.replace(/\.+$/, '')}.`, details, { cause: error });
}
