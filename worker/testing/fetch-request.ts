/** The request of a tab that asks for nothing special. */
import type { FetchRequest } from '../../src/contract/fetch.js';

export function requestFor(more: Partial<FetchRequest> = {}): FetchRequest {
  return {
    hub: 'https://app.test/hubs/ops',
    requestId: 'request-1',
    url: 'https://app.test/api',
    method: 'GET',
    headers: [],
    body: null,
    cache: 'default',
    credentials: 'same-origin',
    integrity: '',
    keepalive: false,
    mode: 'cors',
    referrerPolicy: '',
    ...more,
  };
}
