/** Names of methods, of the hub and of the client, as tabs send them. */
import { isReservedMethod, MAX_METHOD_NAME } from '../../src/contract/client-methods.js';
import { checkText, fail } from './check-value.js';

export function checkMethod(value: unknown): string {
  return checkText(value, 'method', MAX_METHOD_NAME);
}

/** A client method that a tab wants to hear. */
export function checkClientMethod(value: unknown): string {
  const name = checkMethod(value);
  return isReservedMethod(name) ? fail(`"${name}" cannot be the name of a client method.`) : name;
}
