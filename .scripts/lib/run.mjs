/** Runs a program and tells how it ended; never throws because the program failed, and never waits for input. */
import { spawn } from 'node:child_process';
import { root } from './paths.mjs';

/**
 * @typedef {object} Outcome
 * @property {boolean} ok ended by itself with exit code 0
 * @property {string} how why it is not ok, in words; empty when it is
 * @property {string} output what it printed, errors too, when it was `captured`
 * @property {string} stdout the part of it that is its result
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ captured?: boolean, timeoutMs?: number, env?: Record<string, string>, cwd?: string }} [options]
 *   `captured` keeps the output instead of showing it; `env` is added to this process's own.
 * @returns {Promise<Outcome>}
 */
export function run(command, args, { captured = false, timeoutMs, env = {}, cwd = root } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    const results = [];
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', captured ? 'pipe' : 'inherit', captured ? 'pipe' : 'inherit'],
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: 'SIGKILL' }),
    });
    child.stdout?.on('data', (chunk) => {
      chunks.push(chunk);
      results.push(chunk);
    });
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const text = (pieces) => Buffer.concat(pieces).toString();
    const end = (how) => resolve({ ok: how === '', how, output: text(chunks), stdout: text(results) });
    child.once('error', (error) => end(`${command} could not be started: ${error.message}`));
    child.once('close', (code, signal) => {
      if (signal) end(`ended by ${signal}${timeoutMs === undefined ? '' : ` (its limit is ${timeoutMs / 1000} s)`}`);
      else end(code === 0 ? '' : `exit code ${code}`);
    });
  });
}

/** Runs a script of an installed package with this Node. */
export function runNode(script, args, options) {
  return run(process.execPath, [script, ...args], options);
}
