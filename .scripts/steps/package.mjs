/** What npm would publish: packed, unpacked and looked at as a consumer would. */
import { buildLibrary } from '../lib/build-library.mjs';
import { bin } from '../lib/paths.mjs';
import { runNode } from '../lib/run.mjs';
import { say } from '../lib/say.mjs';
import { contentProblems } from '../package/contents.mjs';
import { packLibrary } from '../package/pack.mjs';
import { checkReadme } from '../package/readme.mjs';
import { measureSizes } from '../package/sizes.mjs';

export async function checkPackage() {
  if ((await buildLibrary()) === 'failed') return { checks: [failed('npm pack', 'the library does not build')] };
  const packed = await packLibrary();
  if ('problem' in packed) return { checks: [failed('npm pack', packed.problem)] };
  const problems = contentProblems(packed.files, packed.manifest);
  for (const problem of problems) say(`  ${problem}`);
  return {
    checks: [
      { name: 'npm pack', ok: true, detail: '' },
      { name: 'package contents', ok: problems.length === 0, detail: problems.join('; ') },
      await tool('publint', bin.publint, ['run', packed.tarball, '--strict']),
      await tool('attw', bin.attw, [packed.tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji']),
      checkCodeOfReadme(packed.probe),
      ...(await checkSizes(packed.probe)),
    ],
  };
}

function checkCodeOfReadme(probe) {
  const { blocks, problems } = checkReadme(probe);
  for (const problem of problems) say(`  ${problem}`);
  say(`  README.md: ${blocks} blocks of TypeScript`);
  return { name: 'code of the README', ok: blocks > 0 && problems.length === 0, detail: problems.join('; ') };
}

async function checkSizes(probe) {
  try {
    const sizes = await measureSizes(probe);
    return sizes.map(({ name, gzipBytes, budgetBytes, text }) => {
      say(`  ${text}`);
      const ok = gzipBytes <= budgetBytes;
      return { name: `size of ${name}`, ok, detail: ok ? '' : `over its budget: ${text}` };
    });
  } catch (error) {
    say(String(error?.stack ?? error));
    return [failed('sizes', 'the package could not be bundled, see above')];
  }
}

async function tool(name, script, args) {
  const { ok, how } = await runNode(script, args);
  return { name, ok, detail: how };
}

function failed(name, detail) {
  return { name, ok: false, detail };
}
