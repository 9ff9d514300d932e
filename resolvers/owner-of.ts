import type { Principal } from '../auth/principal.js';

/** Who owns a job and pays for it; null: requests are not authenticated. */
export function ownerOf({ kind, name }: Principal): string | null {
  return kind === 'ANONYMOUS' ? null : name;
}
