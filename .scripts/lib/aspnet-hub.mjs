/** Builds the demo's ASP.NET Core hub and says where it is. */
import { findProgram } from './find-program.mjs';
import { existsSync } from 'node:fs';
import { inRoot } from './paths.mjs';
import { run } from './run.mjs';
import { say } from './say.mjs';

export const aspnetDll = inRoot('demo/aspnet/bin/Release/net10.0/hubshare-demo.dll');

/** @returns {Promise<string | null>} why the hub cannot be built on this machine, or null */
export async function aspnetProblem() {
  if (!findProgram('dotnet')) return 'dotnet is not on the PATH (install the .NET 10 SDK from https://dot.net)';
  const { ok, output } = await run('dotnet', ['--list-sdks'], { captured: true, timeoutMs: 60_000 });
  const newest = Math.max(0, ...[...output.matchAll(/^(\d+)\./gm)].map(([, major]) => Number(major)));
  if (ok && newest >= 10) return null;
  return `dotnet has ${newest === 0 ? 'no SDK' : `an SDK ${newest}`}; the hub needs .NET 10 (https://dot.net)`;
}

/** @returns {Promise<boolean>} false: the build failed, and has said why */
export async function buildAspnetHub() {
  // Servers that `dotnet build` leaves running would outlive the command.
  const args = ['build', '-c', 'Release', 'demo/aspnet', '--nologo', '-v', 'quiet', '-tl:off', '-nodeReuse:false'];
  const env = { DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' };
  const { ok, how, output } = await run('dotnet', [...args, '-p:UseSharedCompilation=false'], { captured: true, env });
  if (!ok) say(`${output}\n  dotnet build: ${how}`);
  return ok && existsSync(aspnetDll);
}
