/** The flags of `npm test`. */
import { parseArgs } from 'node:util';
import { Stop } from '../lib/say.mjs';

/** In the order in which they run. */
export const stepNames = /** @type {const} */ (['types', 'format', 'lint', 'unit', 'build', 'package', 'e2e']);

/** Steps that hand further arguments to the tool behind them. */
const takesArguments = ['lint', 'unit', 'e2e'];

export const help = `npm test [-- flags]

  Checks everything that CI checks, and sums it up at the end.

  --only a,b   only these steps, of: ${stepNames.join(', ')}
  --help       this text

  With one step, further arguments go to its tool:
    npm run test:unit -- worker/hub
    npm run test:e2e -- -- --project=chromium-node e2e/reconnect.spec.ts`;

/**
 * @param {string[]} args
 * @returns {{ help: boolean, steps: string[], toolArguments: string[] }}
 * @throws {Stop} naming what is wrong
 */
export function parseTestOptions(args) {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
    });
  } catch (error) {
    throw new Stop(`${error.message}\n\n${help}`);
  }
  const { values, positionals } = parsed;
  const wanted = values.only?.split(',') ?? [...stepNames];
  for (const name of wanted) {
    if (!stepNames.some((known) => known === name)) throw new Stop(`There is no step "${name}".\n\n${help}`);
  }
  const steps = stepNames.filter((name) => wanted.includes(name));
  if (positionals.length > 0 && !(steps.length === 1 && takesArguments.includes(steps[0] ?? ''))) {
    throw new Stop(
      `"${positionals[0]}" has no step to go to: name one of ${takesArguments.join(', ')} by --only.\n\n${help}`,
    );
  }
  return { help: values.help, steps, toolArguments: positionals };
}
