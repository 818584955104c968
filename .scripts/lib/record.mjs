/** The record of a run of `npm test`, kept in a file so that `.ci/run` can count what it did even if it was killed. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reports } from './paths.mjs';

const file = join(reports, 'record.json');

/** Removes what an earlier run has reported: it must not be taken for this one's. */
export function startRecord() {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  /** @type {import('./tally.mjs').RunRecord} */
  const record = { finished: false, checks: [], reports: [] };
  saveRecord(record);
  return record;
}

/** @param {import('./tally.mjs').RunRecord} record */
export function saveRecord(record) {
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
}

/** @returns {import('./tally.mjs').RunRecord | null} */
export function loadRecord() {
  return /** @type {import('./tally.mjs').RunRecord | null} */ (readJson(file));
}

/** @returns {object | null} */
export function loadReport(name) {
  return readJson(join(reports, name));
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
