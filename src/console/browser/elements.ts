/** Returns the page's element with an ID. The page must contain it. */
export function byId<Kind extends Element = HTMLElement>(id: string): Kind {
  return document.querySelector<Kind>(`#${id}`)!;
}

/** Properties of an element made by {@link create}. */
export interface ElementShape {
  readonly className?: string;
  /** `data-…` attributes. */
  readonly data?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Creates an element. Its content is text or elements, never markup, so that names are shown and never run. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { className = "", data = {}, attributes = {} }: ElementShape = {},
  ...content: (string | Node)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = className;
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
}

/** Sets a text only if it differs, so that selections and screen readers are not disturbed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
