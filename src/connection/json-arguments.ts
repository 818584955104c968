/** Brings arguments into the form that the hub gets them in, here in the tab: `toJSON` methods would not survive the way to the worker. */
import { HubshareError, wireError } from '../contract/errors.js';

/** @throws {HubshareError} `feature-unavailable` for a stream, `option-invalid` for what JSON cannot hold. */
export function jsonArguments(args: readonly unknown[]): readonly unknown[] {
  if (args.length === 0) return args;
  if (args.some(isStream)) {
    throw new HubshareError(
      wireError(
        'feature-unavailable',
        'Streams as arguments are not available in this version of hubshare. Use a plain HubConnection for them.',
        { feature: 'upload-streams' },
      ),
    );
  }
  try {
    return JSON.parse(JSON.stringify(args)) as unknown[];
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new HubshareError(
      wireError('option-invalid', `The arguments cannot be written as JSON: ${message}`, { option: 'args' }),
      { cause },
    );
  }
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'subscribe' in value && typeof value.subscribe === 'function';
}
