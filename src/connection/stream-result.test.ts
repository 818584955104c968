import { Subject, type IStreamResult, type ISubscription } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import { createStreamResult } from './stream-result.js';

/** Both ends of a stream: ours, or SignalR's own `Subject` as `HubConnection.stream` uses it. */
interface Both {
  readonly result: IStreamResult<number>;
  next(item: number): void;
  error(error: unknown): void;
  complete(): void;
}

/** As `HubConnection`: what a subscriber throws is caught, and after a cancel nothing is fed in. */
function signalR(onCancel: () => void): Both {
  const subject = new Subject<number>();
  let isFed = true;
  Object.assign(subject, {
    cancelCallback: () => {
      if (isFed) onCancel();
      isFed = false;
      return Promise.resolve();
    },
  });
  const feed = (what: () => void): void => {
    if (!isFed) return;
    try {
      what();
    } catch {
      // Logged there.
    }
  };
  const end = (what: () => void): void => {
    feed(what);
    isFed = false;
  };
  return {
    result: subject,
    next: (item) => feed(() => subject.next(item)),
    error: (error) => end(() => subject.error(error)),
    complete: () => end(() => subject.complete()),
  };
}

const ours = (onCancel: () => void): Both => createStreamResult<number>(onCancel, () => undefined);

/** What a story with a stream tells its subscribers, and what the hub is told. */
function told(create: (onCancel: () => void) => Both, story: (stream: Both, seen: string[]) => void): string[] {
  const seen: string[] = [];
  story(
    create(() => seen.push('cancel')),
    seen,
  );
  return seen;
}

function subscribe(stream: Both, seen: string[], name: string, onNext?: (item: number) => void): ISubscription<number> {
  return stream.result.subscribe({
    next: (item) => {
      seen.push(`${name} ${item}`);
      onNext?.(item);
    },
    error: (error) => seen.push(`${name} error ${String(error)}`),
    complete: () => seen.push(`${name} complete`),
  });
}

describe('as with SignalR:', () => {
  it.each<[string, (stream: Both, seen: string[]) => void, string[]]>([
    [
      'items come in order, then the end',
      (stream, seen) => {
        subscribe(stream, seen, 'a');
        stream.next(1);
        stream.next(2);
        stream.complete();
      },
      ['a 1', 'a 2', 'a complete'],
    ],
    [
      'an error is an end',
      (stream, seen) => {
        subscribe(stream, seen, 'a');
        stream.error('no');
        stream.next(1);
        stream.complete();
      },
      ['a error no'],
    ],
    [
      'several subscribers are told in their order',
      (stream, seen) => {
        subscribe(stream, seen, 'a');
        subscribe(stream, seen, 'b');
        stream.next(1);
        stream.complete();
      },
      ['a 1', 'b 1', 'a complete', 'b complete'],
    ],
    [
      'what came before the first subscriber is lost',
      (stream, seen) => {
        stream.next(1);
        subscribe(stream, seen, 'a');
        stream.next(2);
      },
      ['a 2'],
    ],
    [
      'who comes after the end hears nothing',
      (stream, seen) => {
        stream.complete();
        subscribe(stream, seen, 'a');
        stream.next(1);
      },
      [],
    ],
    [
      'the stream goes on for the others when one has gone',
      (stream, seen) => {
        const a = subscribe(stream, seen, 'a');
        subscribe(stream, seen, 'b');
        a.dispose();
        stream.next(1);
      },
      ['b 1'],
    ],
    [
      'the last one who goes cancels it, and hears nothing more',
      (stream, seen) => {
        const a = subscribe(stream, seen, 'a');
        const b = subscribe(stream, seen, 'b');
        stream.next(1);
        a.dispose();
        b.dispose();
        stream.next(2);
        stream.complete();
      },
      ['a 1', 'b 1', 'cancel'],
    ],
    [
      'going twice cancels once',
      (stream, seen) => {
        const a = subscribe(stream, seen, 'a');
        a.dispose();
        a.dispose();
      },
      ['cancel'],
    ],
    [
      'going after the end cancels nothing',
      (stream, seen) => {
        const a = subscribe(stream, seen, 'a');
        stream.complete();
        a.dispose();
      },
      ['a complete'],
    ],
    [
      'one may go in the middle of an item',
      (stream, seen) => {
        const a = subscribe(stream, seen, 'a', () => a.dispose());
        subscribe(stream, seen, 'b');
        stream.next(1);
        stream.next(2);
      },
      ['a 1', 'b 2'],
    ],
    [
      'one may come in the middle of an item, and gets it',
      (stream, seen) => {
        let isFirst = true;
        subscribe(stream, seen, 'a', () => {
          if (isFirst) subscribe(stream, seen, 'b');
          isFirst = false;
        });
        stream.next(1);
        stream.next(2);
      },
      ['a 1', 'b 1', 'a 2', 'b 2'],
    ],
    [
      'one that throws keeps those behind it from the item, and nobody from the next',
      (stream, seen) => {
        subscribe(stream, seen, 'a', (item) => {
          if (item === 1) throw new Error('broken');
        });
        subscribe(stream, seen, 'b');
        stream.next(1);
        stream.next(2);
      },
      ['a 1', 'a 2', 'b 2'],
    ],
    [
      'a subscriber may have no more than next',
      (stream, seen) => {
        stream.result.subscribe({ next: (item: number) => seen.push(`a ${item}`) } as never);
        subscribe(stream, seen, 'b');
        stream.next(1);
        stream.complete();
      },
      ['a 1', 'b 1', 'b complete'],
    ],
  ])('%s', (_, story, expected) => {
    expect(told(ours, story)).toEqual(expected);
    expect(told(signalR, story)).toEqual(expected);
  });
});

it('says what a subscriber threw', () => {
  const onThrow = vi.fn();
  const stream = createStreamResult<number>(vi.fn(), onThrow);
  const broken = new Error('broken');
  stream.result.subscribe({
    next: () => {
      throw broken;
    },
    error: vi.fn(),
    complete: vi.fn(),
  });
  stream.next(1);
  expect(onThrow.mock.calls).toEqual([[broken]]);
});
