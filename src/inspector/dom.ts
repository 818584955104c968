/** Small helpers that build and update the panel's DOM: no innerHTML, no style attribute, no write that changes nothing. */

export type Attributes = Readonly<Record<string, string>>;
export type Child = Node | string;

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG_NAMESPACE, tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Writes only a text that differs: an unchanged figure costs no layout and keeps a selection in it. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** `null` takes the attribute away. */
export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setAttributes(element: Element, attributes: Readonly<Record<string, string | null>>): void {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** A time that is shown and can be read by machines. */
export function setTime(element: HTMLTimeElement, atMs: number, text: string): void {
  setAttribute(element, 'datetime', new Date(atMs).toISOString());
  setText(element, text);
}

export interface RowView<T> {
  readonly root: Element;
  update(item: T): void;
}

/** Keeps one element per key in the order of the items: rows that stay are neither built again nor moved. */
export function createKeyedRows<T, V extends RowView<T>>(
  parent: Element,
  keyOf: (item: T) => string,
  create: (item: T) => V,
): { show(items: readonly T[]): void; views(): Iterable<V> } {
  const rows = new Map<string, V>();
  return {
    views: () => rows.values(),
    show(items) {
      const keys = new Set(items.map(keyOf));
      for (const [key, row] of rows) {
        if (keys.has(key)) continue;
        row.root.remove();
        rows.delete(key);
      }
      let place = parent.firstElementChild;
      for (const item of items) {
        const key = keyOf(item);
        let row = rows.get(key);
        if (row === undefined) {
          row = create(item);
          rows.set(key, row);
        }
        row.update(item);
        if (row.root === place) place = place.nextElementSibling;
        else parent.insertBefore(row.root, place);
      }
    },
  };
}
