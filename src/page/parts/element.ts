/** Content of an element; undefined is nothing. */
export type Child = Node | string | undefined;
type Attributes = Record<string, string | boolean | ((event: Event) => void) | undefined>;

/**
 * Creates an element. An attribute that is `true` has no value; a function listens to that event.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A button. `kind` sets its prominence. */
export function button(
  text: string,
  onClick: (event: Event) => void,
  kind: 'primary' | 'plain' | 'quiet' = 'plain',
  attributes: Attributes = {},
): HTMLButtonElement {
  return h(
    'button',
    { type: 'button', class: `button ${kind}`, click: onClick, ...attributes },
    text,
  );
}
