/** Builds and starts the ASP.NET Core hub as a process of its own, for tests. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../bin/Release/net10.0/hubshare-demo.dll', import.meta.url));

export interface DotnetServer {
  /** `http://127.0.0.1:PORT` */
  readonly base: string;
  /** All that the process has written to its standard output and error. */
  output(): string;
  /** Asks the process to end, as Ctrl+C would, and gives its exit code. */
  stop(): Promise<number | null>;
}

/** True when a .NET SDK of the right major version can be run. */
export function hasDotnet(): boolean {
  const found = spawnSync('dotnet', ['--list-sdks'], { encoding: 'utf8' });
  return found.status === 0 && /^10\./m.test(found.stdout);
}

/** @throws {Error} With the compiler's own words. */
export function buildServer(): void {
  // Servers that `dotnet build` leaves running would outlive the tests.
  const alone = ['-nodeReuse:false', '-p:UseSharedCompilation=false'];
  const built = spawnSync('dotnet', ['build', '-c', 'Release', '--nologo', '-v', 'quiet', ...alone, PROJECT], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`dotnet build failed:\n${built.stdout}${built.stderr}`);
}

export async function startServer(args: readonly string[] = [], signingKey?: string): Promise<DotnetServer> {
  const env = { ...process.env };
  delete env['DEMO_SIGNING_KEY'];
  if (signingKey !== undefined) env['DEMO_SIGNING_KEY'] = signingKey;
  const child = spawn('dotnet', [PROGRAM, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => (output += `${line}\n`));

  const base = await Promise.race([
    new Promise<string>((resolve) => {
      lines.on('line', (line) => {
        const found = /^hub listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
    }),
    exited.then(([code]): never => {
      throw new Error(`the server ended with code ${code} before it listened:\n${output}`);
    }),
  ]);

  return { base, output: () => output, stop: () => stop(child, exited) };
}

async function stop(child: ChildProcess, exited: Promise<[number | null]>): Promise<number | null> {
  child.kill('SIGTERM');
  const [code] = await exited;
  return code;
}
