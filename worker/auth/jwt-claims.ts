/** What a JWT says of itself, read without verifying it: that is the hub's part. */

/** @returns `null` for an opaque token. */
export function readClaims(token: string): Readonly<Record<string, unknown>> | null {
  const parts = token.split('.');
  const payload = parts[1];
  if (parts.length !== 3 || payload === undefined || payload === '') return null;
  try {
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Record<string, unknown>)
      : null;
  } catch {
    // Three parts and yet no JWT: opaque.
    return null;
  }
}
