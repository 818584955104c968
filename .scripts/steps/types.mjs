/** Every TypeScript project compiles; so do the tests and the tools, which are in no project of the library. */
import { readdirSync } from 'node:fs';
import { bin, inRoot } from '../lib/paths.mjs';
import { runNode } from '../lib/run.mjs';

export async function checkTypes() {
  const checks = [await typeCheck('projects', ['-b'])];
  for (const file of readdirSync(inRoot('.config/typecheck')).filter((name) => name.endsWith('.json'))) {
    checks.push(await typeCheck(file.replace('.json', ''), ['-p', `.config/typecheck/${file}`]));
  }
  return { checks };
}

async function typeCheck(name, args) {
  const { ok, how } = await runNode(bin.tsc, [...args, '--pretty', String(process.stdout.isTTY === true)]);
  return { name: `types of ${name}`, ok, detail: how };
}
