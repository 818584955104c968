/** An HTTP request that the hub does not grant: status, stable code and a message for people. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }

  /** Headers that belong to this status. */
  get headers(): Readonly<Record<string, string>> {
    return this.status === 401 ? { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' } : {};
  }

  get body(): string {
    return JSON.stringify({ code: this.code, message: this.message });
  }
}
