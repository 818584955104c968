/** Takes secrets out of text before it reaches a log, an error or the journal (SEC-3). */

export interface Sanitizer {
  /** The text without tokens, token parameters and queries of URLs. */
  redact(text: string): string;
  /** From now on this secret and each of its dot-separated parts is redacted wherever it stands. */
  watch(secret: string): void;
  /**
   * The same for a secret that is in force, such as the access token in hand: newer ones do not push it out.
   *
   * @returns The end of that. The secret is still redacted, as one that is watched.
   */
  hold(secret: string): () => void;
  /** One that is held stays. */
  forget(secret: string): void;
}

const HIDDEN = '[redacted]';

/** Shorter strings would blank ordinary words. */
const MIN_SECRET_LENGTH = 8;

/** Old secrets fall out first: past tokens, one for each negotiate. Those in force are held beside these. */
const MAX_SECRETS = 64;

/** What is secret by its form. The repetitions are bounded, or free of overlap, so that a long line costs linear time. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Any part of a JWT that is JSON starts with `eyJ` ("{"" in base64url); what is joined to it by dots goes too.
  [/eyJ[\w-]*(?:\.[\w-]*)*/g, HIDDEN],
  [/\b(Bearer)\s+[^\s,;"'<>]+/gi, `$1 ${HIDDEN}`],
  [/\b(bearer)\.[^\s,;"'<>&]+/gi, `$1.${HIDDEN}`],
  // Credentials and the whole query of a URL: a connection token is `id=`, a proxy's ticket may be called anything.
  [/\b((?:https?|wss?):\/\/)[^\s/?#@"'<>]{1,512}@/gi, `$1${HIDDEN}@`],
  [/\b((?:https?|wss?):\/\/[^\s?"'<>]{0,2048})\?[^\s"'<>]*/gi, `$1?${HIDDEN}`],
  // `access_token=x`, also in a relative URL, and with `=` encoded.
  [/\b([\w-]{0,32}(?:token|auth|jwt|secret|password)|id)(=|%3D)[^\s&"'<>#;,]+/gi, `$1$2${HIDDEN}`],
  // `"accessToken":"x"`: a JSON body that found its way into a message.
  [/("[\w-]{0,32}(?:token|authorization|jwt|secret|password)"\s{0,8}:\s{0,8})"(?:[^"\\]|\\.)*"?/gi, `$1"${HIDDEN}"`],
];

export function createSanitizer(): Sanitizer {
  /** Each secret with what to look for, longest first: a part must not be replaced inside a whole that is still to come. */
  const watched = new Map<string, readonly string[]>();
  /** Those in force, with how often they are held. */
  const held = new Map<string, { readonly needles: readonly string[]; times: number }>();

  function watch(secret: string, needles = needlesOf(secret)): void {
    if (needles.length === 0 || held.has(secret)) return;
    watched.delete(secret);
    watched.set(secret, needles);
    for (const oldest of watched.keys()) {
      if (watched.size <= MAX_SECRETS) break;
      watched.delete(oldest);
    }
  }

  return {
    redact(text) {
      let clean = text;
      for (const { needles } of held.values()) clean = without(needles, clean);
      for (const needles of watched.values()) clean = without(needles, clean);
      for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
      return clean;
    },
    watch: (secret) => watch(secret),
    hold(secret) {
      const entry = held.get(secret) ?? { needles: needlesOf(secret), times: 0 };
      entry.times += 1;
      held.set(secret, entry);
      watched.delete(secret);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        entry.times -= 1;
        if (entry.times > 0) return;
        held.delete(secret);
        // What was said with it may still be on its way to a log.
        watch(secret, entry.needles);
      };
    },
    forget(secret) {
      watched.delete(secret);
    },
  };
}

function without(needles: readonly string[], text: string): string {
  let clean = text;
  for (const needle of needles) if (clean.includes(needle)) clean = clean.replaceAll(needle, HIDDEN);
  return clean;
}

function needlesOf(secret: string): readonly string[] {
  const parts = [secret, ...secret.split('.')].filter((part) => part.length >= MIN_SECRET_LENGTH);
  // An opaque token may change its look in a URL.
  const forms = parts.flatMap((part) => [part, encodeURIComponent(part)]);
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

/** The first 8 hex digits of the token's SHA-256: tells two tokens apart and holds no part of either. */
export async function fingerprint(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  return Array.from(new Uint8Array(digest).subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
