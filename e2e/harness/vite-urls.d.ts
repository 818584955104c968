/** What Vite makes of an import that asks for the address of a worker. */
declare module '*?sharedworker&url' {
  const url: string;
  export default url;
}
