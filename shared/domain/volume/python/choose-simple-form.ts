/**
 * The form in which a page of a Python index is answered, by the Accept header (PEP 691, RFC 9110 12.5.1). HTML is what clients get
 * that do not say, or say anything; pip since 22.2 prefers JSON and says so. Of forms that a client wants equally, the order here
 * counts. Undefined is for a client that accepts none of them, which is answered 406.
 */
export const SIMPLE_JSON = 'application/vnd.pypi.simple.v1+json';
export const SIMPLE_HTML = 'application/vnd.pypi.simple.v1+html';
export const PLAIN_HTML = 'text/html';

export const SIMPLE_FORMS = [PLAIN_HTML, SIMPLE_JSON, SIMPLE_HTML] as const;
export type SimpleForm = (typeof SIMPLE_FORMS)[number];

const LONGEST_HEADER = 2_000;

interface Range {
  readonly type: string;
  readonly quality: number;
}

export function chooseSimpleForm(accept: string | undefined): SimpleForm | undefined {
  const text = accept?.trim() ?? '';
  if (text === '' || text.length > LONGEST_HEADER) return PLAIN_HTML;
  const ranges = text.split(',').map(rangeOf);
  const rated = SIMPLE_FORMS.map((form) => ({ form, quality: qualityOf(form, ranges) })).filter(({ quality }) => quality > 0);
  const best = Math.max(...rated.map(({ quality }) => quality));
  return rated.find(({ quality }) => quality === best)?.form;
}

function rangeOf(written: string): Range {
  const [type = '', ...parameters] = written.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters
    .map((parameter) => /^q=([01](?:\.\d{0,3})?)$/.exec(parameter)?.[1])
    .find((found) => found !== undefined);
  return { type: type.replace('.simple.latest+', '.simple.v1+'), quality: Math.min(Number(quality ?? 1), 1) };
}

/** The most exact range that covers the form decides. */
function qualityOf(form: SimpleForm, ranges: readonly Range[]): number {
  const group = `${form.slice(0, form.indexOf('/'))}/*`;
  for (const wanted of [form, group, '*/*']) {
    const covering = ranges.filter(({ type }) => type === wanted);
    if (covering.length > 0) return Math.max(...covering.map(({ quality }) => quality));
  }
  return 0;
}
