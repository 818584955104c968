/** A worker file whose settings stand in its own address: for what a test knows only as it runs, such as the port of another origin. */
import { refreshEndpoint, serveHubs, tokenVault, type TokenSource } from 'hubshare/worker';
import { readWorkerSettings } from './worker-settings.js';

const { hubs, fetchOrigins, bodyEndpoint } = readWorkerSettings(location.search);

/** With the refresh token in the body of the request, as an endpoint of another site wants it that cannot set a cookie for this one. */
function inBody(url: string): TokenSource {
  return refreshEndpoint(url, {
    credentials: 'omit',
    vault: tokenVault(),
    refreshToken: { body: (refreshToken) => (refreshToken === null ? { begin: true } : { refreshToken }) },
  });
}

serveHubs({
  accessToken: bodyEndpoint === null ? refreshEndpoint('/auth/refresh') : inBody(bodyEndpoint),
  hubs: Object.fromEntries(hubs.map((hub) => [hub, {}])),
  fetchOrigins,
});
