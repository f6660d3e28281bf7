/** What goes back to the client, before the HTTP edge adds caching headers: always short when it is an error, never an empty list. */
export interface Answer {
  readonly status: 200 | 302 | 400 | 404;
  readonly contentType: string;
  /** Lower-case names; `location` for redirects. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
