/** Runs the demo's ASP.NET Core hub as a child process, behind the same few members as the Node hub. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { aspnetDll, buildAspnetHub } from '../lib/aspnet-hub.mjs';
import { say, Stop } from '../lib/say.mjs';
import { freePort } from './free-port.mjs';

/** What a hub for people has on and a hub for tests has off, as the Node hub's `PROTECTED`. */
const PROTECTED =
  '--messages-per-second 200 --failed-attempts 30 --failed-attempts-window 60 --redact-access-log'.split(' ');

/** @typedef {{ url: string, port: number, close(): Promise<void>, ended: Promise<string> }} RunningHub */

/**
 * @param {{ port: number, staticDir: string, accessLogFile: string, tokenLifeSeconds: number }} options
 * @returns {Promise<RunningHub>} `ended` resolves, with the reason, when the hub ends without being asked
 */
export async function startAspnetHub({ port, staticDir, accessLogFile, tokenLifeSeconds }) {
  say('  hub        dotnet build …');
  if (!(await buildAspnetHub())) throw new Stop('The ASP.NET Core hub did not build, see above.');
  const args = ['--port', String(await freePort(port)), '--static', staticDir, '--access-log', accessLogFile];
  const child = spawn('dotnet', [aspnetDll, ...args, ...PROTECTED, '--token-life', String(tokenLifeSeconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `ended with exit code ${code}`));
  });
  const url = await Promise.race([addressFrom(child), exit.then((how) => Promise.reject(new Stop(`The hub ${how}.`)))]);
  return { url, port: Number(new URL(url).port), ended: exit, close: () => stop(child) };
}

/** The hub says where it listens; whatever else it prints is passed on. */
function addressFrom(child) {
  return new Promise((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const address = /^hub listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address) resolve(address);
      else say(line);
    });
  });
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  // Ctrl+C on a terminal has reached it already; a second SIGTERM does no harm.
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(impatience);
}
