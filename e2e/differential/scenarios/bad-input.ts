/** Wrong values that the types forbid and a JavaScript app can give all the same. */
import type { Scenario, ScenarioGroup, Toolbox } from '../scenario.js';

/** A value that the types would refuse. */
const wrong = (value: unknown): never => value as never;

/** Notes only whether it was refused: the advice in the message is the client's own. */
async function refused({ note }: Toolbox, what: string, act: () => unknown): Promise<void> {
  try {
    await act();
    note(what, 'taken');
  } catch (error) {
    note(what, error instanceof Error ? 'refused' : 'refused with no Error');
  }
}

function scenario(name: string, attempts: (tools: Toolbox) => Readonly<Record<string, () => unknown>>): Scenario {
  return {
    name,
    async run(tools) {
      for (const [what, act] of Object.entries(attempts(tools))) await refused(tools, what, act);
    },
  };
}

export const badInput: ScenarioGroup = [
  scenario('what both builders refuse', ({ builder }) => ({
    'no url': () => builder().build(),
    'url undefined': () => builder().withUrl(wrong(undefined)),
    'url null': () => builder().withUrl(wrong(null)),
    'url empty': () => builder().withUrl(''),
    'url blank': () => builder().withUrl('  '),
    'reconnect twice': () => builder().withUrl('/hubs/ops').withAutomaticReconnect().withAutomaticReconnect(),
    'reconnect twice with lists': () => builder().withAutomaticReconnect([0]).withAutomaticReconnect([0]),
    'server timeout undefined': () => builder().withServerTimeout(wrong(undefined)),
    'server timeout null': () => builder().withServerTimeout(wrong(null)),
    'keep-alive undefined': () => builder().withKeepAliveInterval(wrong(undefined)),
    'protocol undefined': () => builder().withHubProtocol(wrong(undefined)),
    'protocol null': () => builder().withHubProtocol(wrong(null)),
    'logging undefined': () => builder().configureLogging(wrong(undefined)),
    'logging unknown': () => builder().configureLogging('chatty'),
    'headers with a transport that is none': () =>
      builder()
        .withUrl('/hubs/ops', wrong({ transport: 'carrier pigeon' }))
        .build()
        .start(),
    'skipNegotiation without WebSockets': () =>
      builder().withUrl('/hubs/ops', { skipNegotiation: true, transport: 4 }).build().start(),
  })),
  scenario('what only the shared builder refuses', ({ builder }) => ({
    'reconnect delays that are texts': () =>
      builder()
        .withUrl('/hubs/ops')
        .withAutomaticReconnect(wrong(['soon'])),
    'reconnect delay below zero': () => builder().withUrl('/hubs/ops').withAutomaticReconnect([-1]),
    'server timeout that is a text': () => builder().withServerTimeout(wrong('30s')),
    'keep-alive of zero': () => builder().withKeepAliveInterval(0),
    'an option that does not exist': () => builder().withUrl('/hubs/ops', wrong({ acessTokenFactory: () => 'x' })),
    'token factory that is a text': () => builder().withUrl('/hubs/ops', wrong({ accessTokenFactory: 'x' })),
  })),
  scenario('what only a shared connection refuses', ({ connection }) => ({
    'handler that is a text': () => connection.on('news', wrong('handler')),
    'callback that is a text': () => connection.onclose(wrong('callback')),
  })),
  {
    name: 'calls of methods without a name',
    async run({ started, attempt, connection, settled }) {
      await started();
      await attempt('empty', () => connection.invoke(''));
      await settled();
    },
  },
];
