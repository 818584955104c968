/** The package holds everything that it needs and nothing else. */

/**
 * @param {readonly string[]} files paths inside the package
 * @param {{ exports: object }} manifest its package.json
 * @returns {string[]} what is wrong
 */
export function contentProblems(files, manifest) {
  const present = new Set(files);
  const missing = [
    'package.json',
    'README.md',
    'SECURITY.md',
    'LICENSE',
    'dist/worker/entry.js',
    ...exportTargets(manifest.exports),
  ];
  return [
    ...missing.filter((file) => !present.has(file)).map((file) => `${file} is missing`),
    ...files.filter((file) => !belongs(file)).map((file) => `${file} does not belong in the package`),
    ...files
      .filter((file) => file.endsWith('.js') && !present.has(file.replace(/\.js$/, '.d.ts')))
      .map((file) => `${file} has no types`),
  ];
}

function belongs(file) {
  if (/^(package\.json|(README|SECURITY)\.md|LICENSE)$/.test(file)) return true;
  return /^dist\/(src|worker)\/.+\.(js|d\.ts)$/.test(file) && !/\.test(-d)?\.|\/testing\//.test(file);
}

/** @returns {string[]} */
function exportTargets(entry) {
  if (typeof entry === 'string') return [entry.replace(/^\.\//, '')];
  return Object.values(entry).flatMap(exportTargets);
}
