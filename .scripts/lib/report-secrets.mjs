/** Searches what a run of the browser tests has left on the disk for tokens: a failed test must not publish one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './paths.mjs';

/**
 * What a token of the demo hubs looks like, whole. The tests themselves search for the tokens that they know, and for each part of them,
 * before anything is reported; here nobody knows them any more.
 */
const LOOKS = [
  // The second part of a JSON Web Token is `{"…` too.
  { what: 'a JSON Web Token', pattern: /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}/ },
  { what: 'a refresh token', pattern: /(?<![\w-])[\w-]{16,}\.\d+\.[\w-]{40,}/ },
  { what: 'a token in a URL', pattern: /access_token(=|%3D)[\w-]{8,}/i },
];

/** Packed, with each request and its headers, and so with tokens. */
const TRACE = /\.(zip|har)$/;

/**
 * @param {readonly string[]} paths files, and folders with all that is in them; one that is missing holds nothing
 * @returns {string[]} what was found and in which file, without a word of it
 */
export function secretsInReports(paths) {
  return paths.flatMap(filesOf).flatMap((file) => {
    const name = relative(root, file);
    if (TRACE.test(file))
      return [`${name} is a recording, which holds the headers of requests and so tokens: remove it`];
    const text = readFileSync(file, 'utf8');
    return LOOKS.filter(({ pattern }) => pattern.test(text)).map(({ what }) => `${name} holds ${what}`);
  });
}

/** @returns {string[]} */
function filesOf(path) {
  try {
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
