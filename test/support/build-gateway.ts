import { execFileSync } from 'node:child_process';

/** Makes dist what the sources are: tests start the gateway as a user does, in a process of its own. */
export default function buildGateway(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
