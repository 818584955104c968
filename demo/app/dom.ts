/** Builds DOM nodes without ever parsing markup, so that the page can run under a strict CSP and with Trusted Types. */

type AttributeValue = string | number | boolean | null;
type Child = Node | string | null;

function fill(
  element: Element,
  attributes: Readonly<Record<string, AttributeValue>>,
  children: readonly Child[],
): void {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const child of children) if (child !== null) element.append(child);
}

/** `true` sets an empty attribute; `false` and `null` remove it. */
export function setAttribute(element: Element, name: string, value: AttributeValue): void {
  if (value === null || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  fill(element, attributes, children);
  return element;
}

/** Touches the node only when the text differs: figures come once a second, and a screen reader hears each mutation. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
