/** Runs the demo hub from the command line until Ctrl+C. */
import { parseArgs } from 'node:util';
import { PROTECTED, startHub, type HubOptions, type SecurityEvent } from './index.js';

function optionsOf(args: readonly string[]): HubOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '0' },
      static: { type: 'string' },
      'allow-origin': { type: 'string', multiple: true, default: [] },
      'connect-origin': { type: 'string', multiple: true, default: [] },
      'access-log': { type: 'string' },
      'token-life': { type: 'string' },
      redis: { type: 'string' },
      'allow-query-token': { type: 'boolean', default: false },
      'messages-per-second': { type: 'string', default: String(PROTECTED.messagesPerSecond) },
      'failed-attempts': { type: 'string', default: String(PROTECTED.failedAttempts.limit) },
    },
  });
  return {
    port: numberOf('port', values.port),
    tryNextPort: true,
    ...PROTECTED,
    messagesPerSecond: numberOf('messages-per-second', values['messages-per-second']),
    failedAttempts: { ...PROTECTED.failedAttempts, limit: numberOf('failed-attempts', values['failed-attempts']) },
    ...(values.redis === undefined ? {} : { redisUrl: values.redis }),
    allowQueryToken: values['allow-query-token'],
    allowedOrigins: values['allow-origin'],
    connectOrigins: values['connect-origin'],
    onSecurityEvent: report,
    ...(values.static === undefined ? {} : { staticDir: values.static }),
    ...(values['access-log'] === undefined ? {} : { accessLogFile: values['access-log'] }),
    ...(values['token-life'] === undefined ? {} : { tokenLifeSeconds: numberOf('token-life', values['token-life']) }),
  };
}

/** Connections come and go all the time; what goes wrong with one is worth a line. */
function report(event: SecurityEvent): void {
  if (event.level !== 'info') console.warn(JSON.stringify(event));
}

function numberOf(option: string, given: string): number {
  const value = Number(given);
  if (given.trim() === '' || !Number.isFinite(value)) throw new TypeError(`--${option} must be a number`);
  return value;
}

try {
  const hub = await startHub(optionsOf(process.argv.slice(2)));
  console.log(`hub listening on ${hub.url}`);
  // The process ends by itself, as nothing is left that could keep it alive. A second Ctrl+C ends it at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void hub.close());
} catch (error) {
  console.error(`The hub did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
