/** The README's TypeScript, compiled as it stands against the package, in an app that has the names that the README leaves to it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { inRoot } from '../lib/paths.mjs';

/** What an app has of its own: the README shows none of it. */
const APP = `
import { SharedHubConnectionBuilder as Builder, type SharedHubConnection } from 'hubshare';
import * as worker from 'hubshare/worker';
declare global {
  // Imported by an earlier block.
  const SharedHubConnectionBuilder: typeof Builder;
  const serveHubs: typeof worker.serveHubs;
  const refreshEndpoint: typeof worker.refreshEndpoint;
  interface Incident { readonly id: string }
  interface Quote { readonly price: number }
  interface Metric { readonly name: string; readonly value: number }
  const auth: { accessToken(): Promise<string> };
  const session: { readonly userId: string | null };
  const builder: Builder;
  const connection: SharedHubConnection;
  const id: string;
  const body: string;
  function show(incident: Incident): void;
  function draw(metric: Metric, ageMs: number): void;
  function showRefusal(error: Error): void;
  function refetch(): void;
  function playSound(): void;
  function showSignIn(options: { then: () => Promise<void> }): void;
  function report(...what: unknown[]): void;
  // TypeScript's DOM types do not have it.
  const trustedTypes: {
    createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
  };
}
`;

/** Of Vite's own types, the one form that the README uses. */
const VITE = `declare module '*?sharedworker&url' {
  const url: string;
  export default url;
}
`;

/**
 * @param {string} text of a page in Markdown
 * @returns {{ line: number, code: string }[]} its blocks of TypeScript, each with the line of the page at which its code begins
 */
export function typescriptBlocks(text) {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code = '' }) => ({
    line: text.slice(0, index).split('\n').length + 1,
    code,
  }));
}

/**
 * @param {string} probe folder of an app with the package in its node_modules
 * @param {string} [text] of the page
 * @returns {{ blocks: number, problems: string[] }}
 */
export function checkReadme(probe, text = readFileSync(inRoot('README.md'), 'utf8')) {
  const folder = join(probe, 'readme');
  mkdirSync(folder, { recursive: true });
  const blocks = typescriptBlocks(text);
  const lines = new Map();
  for (const { line, code } of blocks) {
    const file = join(folder, `line-${line}.ts`);
    // Each is a file of its own: what one declares the next one declares again.
    writeFileSync(file, `${code}export {};\n`);
    lines.set(file, line);
  }
  const app = Object.entries({ 'app.d.ts': APP, 'vite.d.ts': VITE }).map(([name, content]) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  });
  const program = ts.createProgram([...lines.keys(), ...app], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  });
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (file === undefined || start === undefined) return message;
    const first = lines.get(file.fileName);
    const { line } = file.getLineAndCharacterOfPosition(start);
    return first === undefined ? `${file.fileName}: ${message}` : `README.md:${first + line}: ${message}`;
  });
  return { blocks: blocks.length, problems };
}
