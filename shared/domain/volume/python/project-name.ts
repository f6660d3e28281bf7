/**
 * Names of Python projects. A valid name is of letters, digits and `-_.` inside (PEP 508); `Foo_Bar`, `foo-bar` and `foo...bar` are
 * one project, and an index is asked for the normal form (PEP 503): lower case, with one hyphen for any run of separators.
 */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?$/;

export const isProjectName = (text: string): boolean => NAME.test(text);

export const normalName = (name: string): string => name.replace(/[-_.]+/g, '-').toLowerCase();
