/** Finds the tests that a file declares, by their titles, and tells which of them never run. */
import ts from 'typescript';

/**
 * @typedef {object} DeclaredTest
 * @property {string[]} titles its own, and those of the groups around it, as they are written: with `${…}` in templates
 * @property {boolean} skipped it never runs, or nothing comes of it if it fails
 */

const DECLARES_TEST = new Set(['it', 'test']);
const DECLARES_GROUP = new Set(['describe', 'suite']);
/** Members of `it`, `test` and `describe` that declare one too. */
const VARIANTS = new Set(['each', 'for', 'only', 'concurrent', 'sequential', 'serial', 'parallel', 'skipIf', 'runIf']);
/** Those that declare one that does not run, or that may fail. */
const SKIPPING = new Set(['skip', 'fixme', 'todo', 'fail', 'fails']);

/**
 * Read with TypeScript's own parser, so that a comment, a text or code that was commented out is no test.
 *
 * @param {string} file its name tells the language
 * @param {string} text
 * @returns {DeclaredTest[]}
 */
export function testsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  /** @type {DeclaredTest[]} */
  const tests = [];

  /**
   * @param {ts.Node} node
   * @param {string[]} groups titles of the groups around it
   * @param {boolean} skipped they, or the file, are skipped
   */
  function visit(node, groups, skipped) {
    const declared = ts.isCallExpression(node) ? declarationOf(node) : null;
    if (declared === null) return ts.forEachChild(node, (child) => visit(child, groups, skipped));
    const isSkipped = skipped || declared.skipped;
    const titles = [...groups, declared.title];
    if (declared.kind === 'test') tests.push({ titles, skipped: isSkipped });
    else if (declared.body) visit(declared.body, titles, isSkipped);
  }

  visit(source, [], skipsItself(source));
  return tests;
}

/** @param {ts.CallExpression} call */
function declarationOf(call) {
  const callee = calleeOf(call.expression);
  const [title, ...others] = call.arguments;
  if (callee === null || title === undefined) return null;
  // `test.skip(condition, reason)` declares nothing, and neither does `it.each(rows)`, which is called once more.
  if (others.length === 0 || (callee.skipped && textOf(title) === null)) return null;
  const body = others.find((argument) => ts.isArrowFunction(argument) || ts.isFunctionExpression(argument))?.body;
  return {
    kind: callee.kind,
    // A title that is computed as a whole has no words that could be looked up.
    title: textOf(title) ?? '',
    body,
    skipped: callee.skipped || others.some(saysSkip) || (body !== undefined && skipsItself(body)),
  };
}

/**
 * What is called: `test`, `it.each(rows)`, `test.describe.skip`, ``it.each`table` ``.
 *
 * @param {ts.Expression} expression
 * @returns {{ kind: 'test' | 'group', member: string, skipped: boolean } | null} null: nothing that declares a test
 */
function calleeOf(expression) {
  if (ts.isIdentifier(expression)) {
    if (DECLARES_TEST.has(expression.text)) return { kind: 'test', member: '', skipped: false };
    return DECLARES_GROUP.has(expression.text) ? { kind: 'group', member: '', skipped: false } : null;
  }
  if (ts.isTaggedTemplateExpression(expression)) return calleeOf(expression.tag);
  if (ts.isCallExpression(expression)) {
    const inner = calleeOf(expression.expression);
    if (inner === null) return null;
    const [condition] = expression.arguments;
    const never = { skipIf: ts.SyntaxKind.TrueKeyword, runIf: ts.SyntaxKind.FalseKeyword }[inner.member];
    return { ...inner, skipped: inner.skipped || (never !== undefined && condition?.kind === never) };
  }
  if (!ts.isPropertyAccessExpression(expression)) return null;
  const inner = calleeOf(expression.expression);
  const member = expression.name.text;
  if (inner === null) return null;
  if (member === 'describe') return { ...inner, member, kind: 'group' };
  if (SKIPPING.has(member)) return { ...inner, member, skipped: true };
  return VARIANTS.has(member) ? { ...inner, member } : null;
}

/**
 * The text of a title, as it is written.
 *
 * @param {ts.Expression} expression
 * @returns {string | null} null: it is no text
 */
function textOf(expression) {
  if (ts.isStringLiteralLike(expression)) return expression.text;
  if (ts.isTemplateExpression(expression)) {
    const spans = expression.templateSpans.map((span) => `\${${span.expression.getText()}}${span.literal.text}`);
    return expression.head.text + spans.join('');
  }
  if (ts.isParenthesizedExpression(expression)) return textOf(expression.expression);
  if (!ts.isBinaryExpression(expression)) return null;
  const [left, right] = [textOf(expression.left), textOf(expression.right)];
  return left === null && right === null ? null : `${left ?? '…'}${right ?? '…'}`;
}

/** @param {ts.Expression} options `{ skip: true }` between title and body */
function saysSkip(options) {
  if (!ts.isObjectLiteralExpression(options)) return false;
  return options.properties.some(
    (property) =>
      ts.isPropertyAssignment(property) &&
      SKIPPING.has(property.name.getText()) &&
      property.initializer.kind === ts.SyntaxKind.TrueKeyword,
  );
}

/**
 * Whether a body, or a file, says without a condition that it is skipped: `test.skip()`, `test.fixme(true, 'reason')`, `context.skip()`.
 *
 * @param {ts.Node} body
 */
function skipsItself(body) {
  if (!ts.isBlock(body) && !ts.isSourceFile(body)) return false;
  return body.statements.some((statement) => {
    if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression)) return false;
    const { expression: callee, arguments: given } = statement.expression;
    if (!ts.isPropertyAccessExpression(callee) || !SKIPPING.has(callee.name.text)) return false;
    const [condition, ...others] = given;
    if (condition === undefined || condition.kind === ts.SyntaxKind.TrueKeyword) return true;
    // A reason alone; with a body it declares another test.
    return textOf(condition) !== null && others.length === 0;
  });
}
