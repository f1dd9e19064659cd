/** The element of the page with an id; its absence is a fault of the page. */
export function byId<Kind extends Element = HTMLElement>(id: string): Kind {
  return document.querySelector<Kind>(`#${id}`)!;
}

/** What {@link create} gives an element beside its text. */
export interface ElementShape {
  readonly className?: string;
  /** `data-…` attributes. */
  readonly data?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Makes an element. Content is text or elements, never markup: whatever a name holds is shown, not run. */
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

/** Sets a text where it differs, so that selections and screen readers are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
