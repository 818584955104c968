/** Names that cannot be client methods. */

/** SignalR keeps its handlers in a plain object: a name that every object has (`constructor`, `__proto__`) makes it throw. */
export function isReservedMethod(name: string): boolean {
  return name.toLowerCase() in {};
}
