import { toCanonicalJson } from '../../values/canonical-json.js';
import type { Principal } from '../principal.js';
import type { Access } from './access.js';

/** A text that is equal only for the same principal under the same rules: what one may read, the other may. */
export function policyView({ name, kind, groups, claims }: Principal, { rules }: Pick<Access, 'rules'>): string {
  return toCanonicalJson([name, kind, groups, [...claims], rules]);
}
