/** The connection as the specification gives it (T5-1): names, members, types and enum values are exactly those of the document. */

/** What every tab can read of a hub connection, and what each change is told with. */
export interface SignalRConnection {
  // Core connection configuration
  connectionId: string;
  activeHubs: string[];
  lastConnected: number;
  reconnectAttempts: number;

  // Connection state
  status: ConnectionStatus;
  error?: string;

  // Tab management
  primaryTabId: string;
  subscribedTabs: string[];
}

export enum ConnectionStatus {
  CONNECTING = 'connecting',
  CONNECTED = 'connected',
  RECONNECTING = 'reconnecting',
  DISCONNECTED = 'disconnected',
}

export interface SignalRAuthenticator {
  // Get valid token for connection
  getConnectionToken(): Promise<string>;

  // Handle token refresh during connection
  handleTokenRefresh(): Promise<void>;

  // Manage connection state
  updateConnectionState(status: ConnectionStatus): Promise<void>;

  // Handle connection errors
  handleAuthenticationError(error: Error): Promise<void>;
}
