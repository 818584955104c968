/** The hub asks the client for a result: which handler answers, and what the hub is told when none does. */
import type { ScenarioGroup } from '../scenario.js';

export const clientResults: ScenarioGroup = [
  {
    name: 'the hub asks and gets the answer',
    async run({ started, connection, attempt, note }) {
      connection.on('askName', (...args: unknown[]) => {
        note('asked', args);
        return 'ann';
      });
      connection.on('twice', (n: number) => n * 2);
      connection.on('later', async (value: unknown) => {
        await Promise.resolve();
        return { value };
      });
      await started();
      await attempt('name', () => connection.invoke('AskName'));
      await attempt('twice', () => connection.invoke('Ask', 'twice', 21));
      await attempt('upper case', () => connection.invoke('Ask', 'TWICE', 1));
      await attempt('later', () => connection.invoke('Ask', 'later', [1, 'ü', null]));
    },
  },
  {
    name: 'answers that are false, empty or null',
    async run({ started, connection, attempt }) {
      const answers: Readonly<Record<string, unknown>> = { zero: 0, empty: '', no: false, null: null, list: [] };
      for (const [name, answer] of Object.entries(answers)) connection.on(name, () => answer);
      await started();
      for (const name of Object.keys(answers)) await attempt(name, () => connection.invoke('Ask', name, 1));
    },
  },
  {
    name: 'a handler that gives nothing',
    async run({ started, connection, attempt, settled }) {
      connection.on('nothing', () => undefined);
      connection.on('nothingLater', async () => Promise.resolve());
      await started();
      await attempt('nothing', () => connection.invoke('Ask', 'nothing', 1));
      await attempt('nothing later', () => connection.invoke('Ask', 'nothingLater', 1));
      await settled();
    },
  },
  {
    name: 'no handler',
    async run({ started, connection, attempt, settled }) {
      const handler = (): number => 1;
      await started();
      await attempt('never there', () => connection.invoke('Ask', 'nobody', 1));
      connection.on('leaving', handler);
      await attempt('there', () => connection.invoke('Ask', 'leaving', 1));
      connection.off('leaving', handler);
      await attempt('gone', () => connection.invoke('Ask', 'leaving', 1));
      await settled();
    },
  },
  {
    name: 'a handler that fails',
    async run({ started, connection, attempt, settled }) {
      connection.on('throws', () => {
        throw new Error('the handler failed');
      });
      connection.on('rejects', async () => {
        throw new TypeError('the handler failed later');
      });
      connection.on('throwsText', () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what apps do
        throw 'only a text';
      });
      await started();
      await attempt('throws', () => connection.invoke('Ask', 'throws', 1));
      await attempt('rejects', () => connection.invoke('Ask', 'rejects', 1));
      await attempt('throws text', () => connection.invoke('Ask', 'throwsText', 1));
      await settled();
    },
  },
  {
    name: 'two handlers',
    async run({ started, connection, attempt, note, settled }) {
      const answer = (name: string, value: unknown) => () => {
        note(name);
        return value;
      };
      connection.on('bothAnswer', answer('first', 1));
      connection.on('bothAnswer', answer('second', 2));
      connection.on('firstAnswers', answer('first', 1));
      connection.on('firstAnswers', answer('second', undefined));
      connection.on('secondAnswers', answer('first', undefined));
      connection.on('secondAnswers', answer('second', 2));
      connection.on('zeroAndOne', answer('first', 0));
      connection.on('zeroAndOne', answer('second', 1));
      await started();
      await attempt('both answer', () => connection.invoke('Ask', 'bothAnswer', 1));
      await attempt('first answers', () => connection.invoke('Ask', 'firstAnswers', 1));
      await attempt('second answers', () => connection.invoke('Ask', 'secondAnswers', 1));
      await attempt('zero and one', () => connection.invoke('Ask', 'zeroAndOne', 1));
      await settled();
    },
  },
  {
    name: 'two handlers, of which one fails',
    async run({ started, connection, attempt, settled }) {
      const fail = (): never => {
        throw new Error('the handler failed');
      };
      connection.on('failsFirst', fail);
      connection.on('failsFirst', () => 'answer');
      connection.on('failsLast', () => 'answer');
      connection.on('failsLast', fail);
      await started();
      await attempt('fails first', () => connection.invoke('Ask', 'failsFirst', 1));
      await attempt('fails last', () => connection.invoke('Ask', 'failsLast', 1));
      await settled();
    },
  },
  {
    name: 'the hub asks after a send',
    async run({ started, connection, attempt, note, noted }) {
      connection.on('asked', (...args: unknown[]) => note('asked', args));
      connection.on('twice', (n: number) => n * 2);
      connection.on('fails', () => {
        throw new Error('the handler failed');
      });
      await started();
      await attempt('send', () => connection.send('AskLater', 'twice', 4));
      await noted('asked');
      await attempt('send', () => connection.send('AskLater', 'fails', 4));
      await noted('asked', 2);
    },
  },
  {
    name: 'calls and events go on while the hub waits for an answer',
    async run({ started, connection, attempt, note, noted }) {
      let answer: (value: string) => void = () => undefined;
      connection.on('slow', async () => {
        note('asked');
        return new Promise<string>((resolve) => (answer = resolve));
      });
      connection.on('news', (...args: unknown[]) => note('news', args));
      await started();
      const question = attempt('question', () => connection.invoke('Ask', 'slow', 1));
      await noted('asked');
      await attempt('call', () => connection.invoke('Add', 1, 2));
      await attempt('event', () => connection.invoke('SendMe', 'news', 1));
      answer('at last');
      await question;
    },
  },
  {
    name: 'two questions at once keep apart',
    async run({ started, connection, attempt, noted, note }) {
      const answers: ((value: unknown) => void)[] = [];
      connection.on('slow', async (n: number) => {
        note('asked', n);
        return new Promise<unknown>((resolve) => answers.push(() => resolve(n * 10)));
      });
      await started();
      const first = attempt('first', () => connection.invoke('Ask', 'slow', 1));
      await noted('asked');
      const second = attempt('second', () => connection.invoke('Ask', 'slow', 2));
      await noted('asked', 2);
      answers[1]?.(0);
      await second;
      answers[0]?.(0);
      await first;
    },
  },
  {
    name: 'the connection is stopped while the hub waits for an answer',
    async run({ started, connection, attempt, noted, note, watchLife }) {
      watchLife();
      let answer: (value: number) => void = () => undefined;
      connection.on('slow', async () => {
        note('asked');
        return new Promise<number>((resolve) => (answer = resolve));
      });
      await started();
      const question = attempt('question', () => connection.invoke('Ask', 'slow', 1));
      await noted('asked');
      await attempt('stop', () => connection.stop());
      await question;
      answer(1);
      await attempt('start', () => connection.start());
      await attempt('call', () => connection.invoke('Echo', 1));
    },
  },
  {
    name: 'the hub closes the connection while it waits for an answer',
    async run({ started, connection, attempt, noted, note, hub, watchLife }) {
      watchLife();
      connection.on('slow', async () => {
        note('asked');
        return new Promise<number>(() => undefined);
      });
      await started();
      const question = attempt('question', () => connection.invoke('Ask', 'slow', 1));
      await noted('asked');
      await hub.cut('close', connection.connectionId);
      await question;
      await noted('onclose');
    },
  },
  {
    name: 'this in a handler that answers is the connection',
    async run({ started, connection, attempt }) {
      connection.on('me', function (this: unknown) {
        return this === connection;
      });
      await started();
      await attempt('me', () => connection.invoke('Ask', 'me', 1));
    },
  },
  {
    name: 'an answer that cannot be written',
    where: ({ protocol }) => protocol === 'json',
    async run({ started, connection, attempt, hub, note, noted }) {
      connection.on('asked', (...args: unknown[]) => note('asked', args));
      connection.on('date', () => new Date(0));
      connection.on('list', () => [undefined, () => 1, Number.NaN]);
      await started();
      await attempt('date', () => connection.invoke('Ask', 'date', 1));
      await attempt('list', () => connection.invoke('Ask', 'list', 1));
      note('waiting', (await hub.counts())['clientResultsPending']);
      await noted('list');
    },
  },
];
