/** The secret in an environment variable that the registry names, for alerts of monitors; null: it is not set. */
export function monitorSecret(variable: string): string | null {
  const { [variable]: secret = '' } = process.env;
  return secret === '' ? null : secret;
}
