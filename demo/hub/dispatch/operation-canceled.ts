/** The caller is gone or wants no more: nobody has to be told. */
export class OperationCanceled extends Error {
  constructor() {
    super('The operation was canceled.');
    this.name = 'OperationCanceledException';
  }
}
