import type { ViewerRequest } from './viewer-function.ts';

type QueryString = ViewerRequest['querystring'];

/** The query in the CDN's event form: nothing is decoded, `value` is the first of a repeated parameter. */
export function parseQueryString(text: string): QueryString {
  const query: QueryString = Object.create(null) as QueryString;
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    const known = query[name];
    if (known === undefined) query[name] = { value };
    else known.multiValue = [...(known.multiValue ?? [{ value: known.value }]), { value }];
  }
  return query;
}

/** The query as the origin gets it, in the order of the event's keys. */
export function printQueryString(query: QueryString): string {
  return Object.entries(query)
    .map(([name, { value }]) => `${name}=${value}`)
    .join('&');
}
