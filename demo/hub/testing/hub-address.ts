/** Where a hub is: all that most helpers need, so that they also serve a hub in another process. */
export interface HubAddress {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}
