/** An XML element: text or child elements. `undefined` is omitted; a list becomes `<item>`s, as EC2 writes lists. */
export type Xml = string | number | undefined | readonly Xml[] | { readonly [name: string]: Xml };

export function toXml(value: Xml): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return String(value).replaceAll(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
  if (Array.isArray(value)) return value.map((item) => `<item>${toXml(item)}</item>`).join('');
  return Object.entries(value as Record<string, Xml>)
    .filter(([, inside]) => inside !== undefined)
    .map(([name, inside]) => `<${name}>${toXml(inside)}</${name}>`)
    .join('');
}

/** A whole response; its root element has the namespace of the service. */
export const document = (root: string, namespace: string, content: Xml) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${toXml(content)}</${root}>`;
