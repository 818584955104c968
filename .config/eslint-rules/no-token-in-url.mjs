/** Lint rule (SEC-9): no code puts a token into the query string of a URL. Reading and removing one is fine. */

/** Names of query parameters that carry a credential. */
const credential = /^(access[-_]?token|id[-_]?token|refresh[-_]?token|token|auth|authorization|bearer|jwt)$/i;
/** Names of values that are one. SignalR's connection token is not: its protocol has it in every URL, as `id`. */
const tokenName = /(?<!connection_?)token|jwt|bearer/i;
/** Text that ends in an open parameter: `/hub?id=1&access_token=`. */
const openParameter = /(?:^|[?&])([\w.-]+)=$/;
/** Text that holds a whole credential parameter, with or without its value. */
const credentialInQuery = /[?&](access[-_]?token|id[-_]?token|refresh[-_]?token|token|auth|authorization|bearer|jwt)=/i;

/** @type {import('eslint').Rule.RuleModule} */
export const noTokenInUrl = {
  meta: {
    type: 'problem',
    docs: { description: 'no token in the query string of a URL' },
    schema: [],
    messages: {
      inUrl:
        'A token must not be in a URL: URLs end up in logs, in histories and at proxies. Send it in the Authorization header or as a WebSocket subprotocol.',
    },
  },
  create(context) {
    const reported = new Set();
    const report = (node) => {
      if (reported.has(node)) return;
      reported.add(node);
      context.report({ node, messageId: 'inUrl' });
    };

    /** Looks at a string that is put together of texts and values, in order. */
    function checkParts(node, parts) {
      let text = '';
      for (const part of parts) {
        if (typeof part === 'string') {
          text += part;
          continue;
        }
        const name = openParameter.exec(text)?.[1];
        // Without a `?` before it, `name=value` may be anything, such as a cookie or a line of a log; a credential's name settles it.
        const inQuery = /[?&][^\s]*$/.test(text);
        if (name !== undefined && (credential.test(name) || (inQuery && namesToken(part)))) return report(node);
        text += '\0';
      }
      if (credentialInQuery.test(text)) report(node);
    }

    return {
      TemplateLiteral(node) {
        if (!isInLargerString(node)) checkParts(node, partsOf(node));
      },
      Literal(node) {
        if (typeof node.value === 'string' && !isInLargerString(node)) checkParts(node, [node.value]);
      },
      BinaryExpression(node) {
        if (node.operator === '+' && !isInLargerString(node)) checkParts(node, partsOf(node));
      },
      AssignmentExpression(node) {
        if (isSearchAssignment(node)) checkParts(node, ['?', ...partsOf(node.right)]);
      },
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== 'MemberExpression' || !['set', 'append'].includes(nameOf(callee.property) ?? '')) return;
        const [key, value] = node.arguments;
        if (isSearchParams(callee.object, context) && isCredentialPair(key, value)) report(node);
      },
      NewExpression(node) {
        if (!isNewSearchParams(node)) return;
        const [init] = node.arguments;
        if (init?.type === 'ObjectExpression') {
          for (const property of init.properties) {
            if (property.type !== 'Property') continue;
            const key = property.computed ? property.key : { type: 'Literal', value: keyOf(property.key) };
            if (isCredentialPair(key, property.value)) report(property);
          }
        } else if (init?.type === 'ArrayExpression') {
          for (const pair of init.elements) {
            if (pair?.type === 'ArrayExpression' && isCredentialPair(...pair.elements)) report(pair);
          }
        } else if (init !== undefined) {
          checkParts(node, ['?', ...partsOf(init)]);
        }
      },
    };
  },
};

function isCredentialPair(key, value) {
  return (key?.type === 'Literal' && credential.test(String(key.value))) || namesToken(key) || namesToken(value);
}

/** A string expression as its texts and the values between them. */
function partsOf(node) {
  if (node.type === 'Literal') return typeof node.value === 'string' ? [node.value] : [node];
  if (node.type === 'TemplateLiteral') {
    return node.quasis.flatMap((quasi, at) => {
      const value = node.expressions[at];
      return [quasi.value.cooked ?? '', ...(value ? partsOf(value) : [])];
    });
  }
  if (node.type === 'BinaryExpression' && node.operator === '+') return [...partsOf(node.left), ...partsOf(node.right)];
  return [node];
}

/** Then the whole is looked at, once. */
function isInLargerString(node) {
  const { parent } = node;
  if (parent?.type === 'TemplateLiteral' || isSearchAssignment(parent) || isNewSearchParams(parent)) return true;
  return parent?.type === 'BinaryExpression' && parent.operator === '+';
}

/** `url.search = …` */
function isSearchAssignment(node) {
  return (
    node?.type === 'AssignmentExpression' &&
    node.left.type === 'MemberExpression' &&
    nameOf(node.left.property) === 'search'
  );
}

function isNewSearchParams(node) {
  return node?.type === 'NewExpression' && nameOf(node.callee) === 'URLSearchParams';
}

/** Whether a value is called a token: `token`, `auth.accessToken`, `await getToken()`, `encodeURIComponent(jwt)`. */
function namesToken(node) {
  switch (node?.type) {
    case 'Identifier':
    case 'PrivateIdentifier':
      return tokenName.test(node.name);
    case 'MemberExpression':
      return (
        namesToken(node.property) ||
        (node.computed && node.property.type === 'Literal' && tokenName.test(String(node.property.value)))
      );
    case 'CallExpression':
      return namesToken(node.callee) || node.arguments.some(namesToken);
    case 'AwaitExpression':
      return namesToken(node.argument);
    case 'ChainExpression':
    case 'TSAsExpression':
    case 'TSNonNullExpression':
      return namesToken(node.expression);
    case 'LogicalExpression':
      return namesToken(node.left) || namesToken(node.right);
    case 'ConditionalExpression':
      return namesToken(node.consequent) || namesToken(node.alternate);
    case 'TemplateLiteral':
      return node.expressions.some(namesToken);
    default:
      return false;
  }
}

/** `url.searchParams`, `new URLSearchParams()`, or a variable that was given one of them. */
function isSearchParams(node, context) {
  if (node.type === 'MemberExpression') return nameOf(node.property) === 'searchParams';
  if (isNewSearchParams(node)) return true;
  if (node.type !== 'Identifier') return false;
  let scope = context.sourceCode.getScope(node);
  while (scope && !scope.set.has(node.name)) scope = scope.upper;
  const definitions = scope?.set.get(node.name)?.defs ?? [];
  return definitions.some(({ node: definition, name }) => {
    const annotation = name?.typeAnnotation?.typeAnnotation;
    if (annotation?.type === 'TSTypeReference' && nameOf(annotation.typeName) === 'URLSearchParams') return true;
    // `const { searchParams } = new URL(…)`
    if (definition.type === 'VariableDeclarator' && definition.id.type === 'ObjectPattern')
      return node.name === 'searchParams';
    const init = definition.type === 'VariableDeclarator' ? definition.init : null;
    return init !== null && init.type !== 'Identifier' && isSearchParams(init, context);
  });
}

function keyOf(node) {
  return node.type === 'Literal' ? node.value : nameOf(node);
}

function nameOf(node) {
  return node?.type === 'Identifier' ? node.name : undefined;
}
