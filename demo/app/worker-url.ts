/** The one address that this page runs a worker from, as Trusted Types want it: a policy of its own, which lets nothing else pass. */
import workerUrl from './ops.worker.ts?sharedworker&url';

/** What is used of Trusted Types; TypeScript does not have them yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };

/** Named in the page's policy: `trusted-types ops-console`. Browsers without Trusted Types take the text as it is. */
const policy = trustedTypes?.createPolicy('ops-console', {
  createScriptURL: (url) => {
    if (url === workerUrl) return url;
    throw new TypeError('This page runs no other worker than its own.');
  },
});

export const trustedWorkerUrl: string = policy?.createScriptURL(workerUrl) ?? workerUrl;
