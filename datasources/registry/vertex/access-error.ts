import { toErrorMessage } from '../../../errors/error-message.js';
import { OperatorError } from '../../../errors/operator-error.js';
import { accessFinding } from '../../google/vertex/access-finding.js';

/** A role that can view feature groups, features, online stores and views, and read values. */
const READER = 'roles/aiplatform.featurestoreDataViewer';

/** The remedy when Vertex AI does not return `what`, which is in `project`: grant the role in that project. */
export function toAccessError(what: string, project: string, error: unknown): OperatorError {
  const look = accessFinding(what, `${READER} on project ${project}`, error);
  const words = toErrorMessage(error);
  const details = [
    ...(look.remedy === undefined ? [] : [look.remedy]),
    ...(look.message.includes(words) ? [] : [`Vertex AI says: ${words}`]),
  ];
  return new OperatorError(`Reading Vertex AI failed: ${look.message.replace(/\.+$/, '')}.`, details, { cause: error });
}
