/** How the state panel reaches the worker behind a connection, without the connection having public members for it. */
import type { Reply } from './rpc.js';
import type { WorkerReport } from './report.js';

export interface Inspection {
  readonly tabId: string;
  readonly hub: string;
  /** Resolves as soon as the worker's state differs from `sinceVersion`. After a worker's death it goes on with the new worker. */
  nextReport(sinceVersion: number, sinceJournal: number): Promise<Reply<WorkerReport>>;
  reconnectNow(): Promise<Reply<void>>;
  refreshTokenNow(): Promise<Reply<void>>;
  becomePrimary(): Promise<Reply<void>>;
}

const inspections = new WeakMap<object, Inspection>();

export function offerInspection(connection: object, inspection: Inspection): void {
  inspections.set(connection, inspection);
}

export function inspectionOf(connection: object): Inspection | undefined {
  return inspections.get(connection);
}
