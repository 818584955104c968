/** An HTTP request that the hub does not grant: status, stable code and a message for people. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** When asking again makes sense, in whole seconds; `null` where time changes nothing. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = 'Refusal';
  }

  /** Headers that belong to this status. */
  get headers(): Readonly<Record<string, string>> {
    if (this.retryAfterSeconds !== null) {
      return { 'retry-after': String(this.retryAfterSeconds), 'cache-control': 'no-store' };
    }
    return this.status === 401 ? { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' } : {};
  }

  get body(): string {
    return JSON.stringify({ code: this.code, message: this.message });
  }
}
