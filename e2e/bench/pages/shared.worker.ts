/** hubshare's worker, as an app would write it; it also says how many messages it has posted. */
import { answerPosted } from './post-count.js';
import { refreshEndpoint, serveHubs } from 'hubshare/worker';

serveHubs({ accessToken: refreshEndpoint('/auth/refresh') });
answerPosted();
