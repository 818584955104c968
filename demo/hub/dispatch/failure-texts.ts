/** What a client is told of a failure, worded as ASP.NET Core words it. */
import { HubException } from './hub-method.js';

export interface FailureTexts {
  /** The method was not run: it does not exist, or its arguments do not fit. */
  notInvoked(target: string, error?: unknown): string;
  /** The method has thrown. */
  thrown(target: string, error: unknown): string;
  /** The stream of a method has thrown. */
  streamThrown(error: unknown): string;
  wrongKind(target: string, kind: 'call' | 'stream'): string;
  idInUse(invocationId: string): string;
}

/** @param detailed - Tell the message of any error, not only of those that are meant for the client. */
export function createFailureTexts(detailed: boolean): FailureTexts {
  function explained(text: string, error: unknown): string {
    if (!(error instanceof Error) || !(error instanceof HubException || detailed)) return text;
    return `${text} ${error.name}: ${error.message}`;
  }
  return {
    notInvoked: (target, error) => explained(`Failed to invoke '${target}' due to an error on the server.`, error),
    thrown: (target, error) => explained(`An unexpected error occurred invoking '${target}' on the server.`, error),
    streamThrown: (error) => explained('An error occurred on the server while streaming results.', error),
    wrongKind: (target, kind) =>
      kind === 'stream'
        ? `The client attempted to invoke the streaming '${target}' method with a non-streaming invocation.`
        : `The client attempted to invoke the non-streaming '${target}' method with a streaming invocation.`,
    idInUse: (invocationId) => `Invocation ID '${invocationId}' is already in use.`,
  };
}
