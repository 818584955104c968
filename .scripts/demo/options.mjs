/** The flags of `npm run demo`. */
import { parseArgs } from 'node:util';
import { Stop } from '../lib/say.mjs';

export const help = `npm run demo [-- flags]

  Builds hubshare and its demo, starts the demo's hub, prints the address. Ctrl+C ends it.

  --port N         try this port first (default 5174); the next free one is taken if it is busy
  --token-life S   life of an access token in seconds (default 300), to watch refreshes
  --aspnet         the ASP.NET Core hub instead of the Node one (needs the .NET 10 SDK)
  --help           this text`;

/**
 * @typedef {object} DemoOptions
 * @property {boolean} help
 * @property {boolean} aspnet
 * @property {number} port
 * @property {number} tokenLifeSeconds
 */

/**
 * @param {string[]} args
 * @returns {DemoOptions}
 * @throws {Stop} naming the flag that is wrong
 */
export function parseDemoOptions(args) {
  /** @type {{ port: string, 'token-life': string, aspnet: boolean, help: boolean }} */
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '5174' },
        'token-life': { type: 'string', default: '300' },
        aspnet: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new Stop(`${error.message}\n\n${help}`);
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new Stop(`--port must be a number from 0 to 65535, not "${values.port}".`);
  const tokenLifeSeconds = Number(values['token-life']);
  if (!(tokenLifeSeconds > 0 && tokenLifeSeconds <= 86_400)) {
    throw new Stop(
      `--token-life must be a number of seconds, more than 0 and at most 86400, not "${values['token-life']}".`,
    );
  }
  return { help: values.help, aspnet: values.aspnet, port, tokenLifeSeconds };
}
