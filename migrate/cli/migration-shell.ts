import type { PlannedCall } from '../migration-plan.js';

/**
 * The shell functions that the blocks of a plan call, for sh, bash and zsh. The API answers a request to create or
 * export something with an operation, minutes or hours before the result exists. Until then, the API rejects the next
 * request.
 */
export function shellFunctions(location: string): string {
  return `# vertex PATH [BODY]: asks the API; with a body a POST, else a GET.
vertex() {
  curl --fail-with-body -sS "https://${location}-aiplatform.googleapis.com/v1/$1" \\
    -H "Authorization: Bearer $(gcloud auth print-access-token < /dev/null)" \\
    -H 'Content-Type: application/json' \${2:+-d "$2"}
}
# started PATH BODY: starts an operation and prints its name.
started() {
  answer=$(vertex "$1" "$2") || { printf '%s\\n' "$answer" >&2; return 1; }
  printf '%s\\n' "$answer" | grep -o '"name": *"[^"]*/operations/[^"]*"' | head -n 1 | cut -d '"' -f 4 | grep .
}
# ended OPERATION: waits until it has ended; fails when it did.
ended() {
  while :; do
    answer=$(vertex "$1") || { printf '%s\\n' "$answer" >&2; return 1; }
    printf '%s\\n' "$answer" | grep -q '"done": *true' && break
    sleep 10
  done
  if printf '%s\\n' "$answer" | grep -q '"error": *{'; then printf '%s\\n' "$answer" >&2; return 1; fi
}
# made PATH BODY: starts an operation and waits until it has ended.
made() {
  operation=$(started "$1" "$2") && ended "$operation"
}`;
}

/** Starts all operations, which run in parallel, and then waits for each. */
export function startAllCommands(calls: readonly PlannedCall[]): string {
  return [
    ': > operations.txt',
    ...calls.map((call) => `${describe(call)}\nstarted ${formatArguments(call)} >> operations.txt`),
    '# This takes as long as the exports do, and may be run again.\nwhile read -r operation; do ended "$operation" || break; done < operations.txt',
  ].join('\n\n');
}

/** Runs operations in sequence, each after the previous one has finished; the first failure stops the sequence. */
export function sequentialCommands(calls: readonly PlannedCall[]): string {
  return calls.map((call) => `${describe(call)}\nmade ${formatArguments(call)}`).join(' &&\n\n');
}

export function checkCommands(calls: readonly PlannedCall[]): string {
  return calls.map((call) => `${describe(call)}\nvertex ${formatArguments(call)}`).join('\n');
}

function describe({ description: what }: PlannedCall): string {
  return `# ${what}`;
}

function formatArguments({ path, body }: PlannedCall): string {
  return `${quoted(path)} ${quoted(JSON.stringify(body, null, 2))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
