/** Lint rule: imports point only along the arrows of the design. Each room knows the contract; tab and worker do not know each other. */
import { posix, sep } from 'node:path';

const signalr = /^@microsoft\/signalr(\/|$)/;

/** Rooms, most particular first. */
const rooms = [
  ['contract', /^src\/contract\//],
  ['leader', /^src\/leader\//],
  ['index', /^src\/index\.[jt]s$/],
  ['tab-test-kit', /^src\/[^/]+\/testing\//],
  ['tab', /^src\//],
  ['hub', /^worker\/hub\//],
  ['test-kit', /^worker\/testing\//],
  ['worker', /^worker\//],
  ['outside', /^(demo|e2e)\//],
];

/** @returns {string | null} the room of a file, null for files that the rule is not about */
function roomOf(path) {
  return rooms.find(([, pattern]) => pattern.test(path))?.[0] ?? null;
}

const inWorker = new Set(['worker', 'hub', 'test-kit']);

/**
 * @param {{ from: string, to: string, isTest: boolean, isType: boolean, isLazy: boolean }} arrow rooms, and how the import is written
 * @returns {string | null} id of the message that says why it must not be
 */
function whyNot({ from, to, isTest, isType, isLazy }) {
  if (to === 'outside') return 'libraryUsesApp';
  if (to === 'test-kit') return isTest || from === 'test-kit' ? null : 'testKit';
  if (to === 'tab-test-kit' && !inWorker.has(from)) return isTest ? null : 'testKit';
  if (to === 'index') return isTest ? null : 'index';
  if (from === 'contract') return to === 'contract' ? null : 'contract';
  if (inWorker.has(from)) return inWorker.has(to) || to === 'contract' ? null : 'workerUsesTab';
  if (inWorker.has(to)) return from === 'leader' ? null : 'tabUsesWorker';
  // It brings the whole worker along, which a page needs only where SharedWorker is missing.
  if (to === 'leader' && from !== 'leader') return isLazy || isType || isTest ? null : 'leaderIsLazy';
  return null;
}

/** @type {import('eslint').Rule.RuleModule} */
export const roomsRule = {
  meta: {
    type: 'problem',
    docs: { description: 'imports point along the arrows of the design' },
    schema: [],
    messages: {
      contract: 'src/contract/ is what tab and worker share: it imports nothing of either side.',
      workerUsesTab: 'worker/ knows only src/contract/ of the tab side. Move what both need to src/contract/.',
      tabUsesWorker: 'src/ does not import worker/, except src/leader/. Ask the worker through src/contract/rpc.ts.',
      leaderIsLazy: 'src/leader/ brings the whole worker along: load it by `import()`, where SharedWorker is missing.',
      index: 'src/index.ts is the way in for apps. Import from the file that has the thing.',
      testKit: 'testing/ is for tests only.',
      libraryUsesApp: 'The library does not know its demo or its browser tests.',
      itself: 'The library does not import itself by name: that is the built copy. Use a relative path.',
      signalr: 'Only worker/hub/ imports @microsoft/signalr at run time. Elsewhere use `import type`.',
    },
  },
  create(context) {
    const file = relativePath(context.filename, context.cwd);
    const from = roomOf(file);
    if (from === null || from === 'outside') return {};
    const isTest = /\.test(-d)?\.ts$/.test(file) || from === 'test-kit' || from === 'tab-test-kit';

    function check(node, specifier, { isType = false, isLazy = false } = {}) {
      const report = (messageId) => context.report({ node, messageId });
      if (/^hubshare(\/|$)/.test(specifier)) return report('itself');
      if (signalr.test(specifier)) {
        if (!isType && !isTest && from !== 'hub') report('signalr');
        return;
      }
      if (!specifier.startsWith('.')) return;
      const to = roomOf(posix.join(posix.dirname(file), specifier));
      const messageId = to === null ? null : whyNot({ from, to, isTest, isType, isLazy });
      if (messageId !== null) report(messageId);
    }

    return {
      // `import { type X }` keeps the import at run time under verbatimModuleSyntax; only `import type` is without effect.
      ImportDeclaration: (node) => check(node.source, node.source.value, { isType: node.importKind === 'type' }),
      ExportAllDeclaration: (node) => check(node.source, node.source.value, { isType: node.exportKind === 'type' }),
      ExportNamedDeclaration(node) {
        if (node.source) check(node.source, node.source.value, { isType: node.exportKind === 'type' });
      },
      ImportExpression(node) {
        if (node.source.type === 'Literal') check(node.source, String(node.source.value), { isLazy: true });
      },
      TSImportType(node) {
        if (node.source) check(node.source, node.source.value, { isType: true });
      },
    };
  },
};

function relativePath(filename, cwd) {
  const path = filename.split(sep).join('/');
  const base = `${cwd.split(sep).join('/')}/`;
  return path.startsWith(base) ? path.slice(base.length) : path;
}
