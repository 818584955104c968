/** Recognises a credential in the query of a URL: URLs end up in logs, histories and proxies (SEC-1). */

const SECRET_NAMES = /(^|[_-])(token|jwt|auth|authorization|bearer|secret|password)$|token$/i;

/** @returns the name of the first parameter that seems to hold a secret, by its name or because its value is a JWT; `null` if none does. */
export function secretParameter(url: URL): string | null {
  for (const [name, value] of url.searchParams) {
    if (SECRET_NAMES.test(name) || value.startsWith('eyJ')) return name;
  }
  return null;
}
