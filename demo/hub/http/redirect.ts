/** A negotiate that sends the client elsewhere with another token, as Azure SignalR does: from one endpoint of this hub to another. */
import type { FastifyInstance } from 'fastify';
import type { Controls } from '../admin/controls.js';
import type { ServiceTokens } from '../auth/service-tokens.js';
import type { Counters } from '../counters.js';
import { Refusal } from '../refusal.js';
import type { Availability } from './availability.js';
import type { Gate } from './gate.js';

export const REDIRECTED_PATH = '/hubs/redirected';
/** Takes only the tokens that are handed over here. */
export const SERVICE_PATH = '/hubs/service';

export interface RedirectDeps {
  /** Of the hub that the client believes to reach. */
  readonly gate: Gate;
  readonly serviceTokens: ServiceTokens;
  /** Where the service is; `null`: on the origin that the client itself has used. */
  readonly serviceOrigin: string | null;
  readonly controls: Controls;
  readonly counters: Counters;
  readonly availability: Availability;
}

export function redirectRoutes(app: FastifyInstance, deps: RedirectDeps): void {
  const { gate, serviceTokens, serviceOrigin, controls, counters, availability } = deps;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));

  app.post(`${REDIRECTED_PATH}/negotiate`, async (request, reply) => {
    availability.check();
    const principal = await gate.admit(request.raw, new URL(request.raw.url ?? '/', 'http://hub').searchParams);
    const url = serviceOrigin === null ? serviceUrl(request.headers.host) : serviceOrigin + SERVICE_PATH;
    await controls.delay('negotiate');
    counters.redirects += 1;
    return reply.header('cache-control', 'no-store').send({ url, accessToken: await serviceTokens.issue(principal) });
  });
}

/** On the origin that the client itself has used. */
function serviceUrl(host: string | undefined): string {
  const base = `http://${host ?? ''}`;
  // A host with more in it than a name and a port would send the client's token somewhere else.
  if (!URL.canParse(base) || new URL(base).host !== host) {
    throw new Refusal(400, 'INVALID_HOST', 'The Host header must be a name and a port.');
  }
  return new URL(SERVICE_PATH, base).href;
}
