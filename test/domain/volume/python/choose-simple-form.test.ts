import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseSimpleForm,
  PLAIN_HTML,
  SIMPLE_FORMS,
  SIMPLE_HTML,
  SIMPLE_JSON,
} from '#domain/volume/python/choose-simple-form.ts';

const PIP = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01';

describe('the form of a page of a Python index', () => {
  it.each([
    ['pip says', PIP, SIMPLE_JSON],
    ['a client says nothing', undefined, PLAIN_HTML],
    ['a client says it takes anything', '*/*', PLAIN_HTML],
    ['a browser says', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', PLAIN_HTML],
    ['uv says', 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01', SIMPLE_JSON],
    ['the latest form is wanted', 'application/vnd.pypi.simple.latest+json', SIMPLE_JSON],
    ['the latest form in HTML is wanted', 'application/vnd.pypi.simple.latest+html', SIMPLE_HTML],
    ['any application is wanted', 'application/*', SIMPLE_JSON],
    ['HTML is refused', 'text/html;q=0, */*;q=0.1', SIMPLE_JSON],
    ['letters are large', 'Application/vnd.PyPI.simple.v1+JSON', SIMPLE_JSON],
    ['nothing that there is is wanted', 'image/png', undefined],
    ['everything is refused', '*/*;q=0', undefined],
  ])('is chosen when %s', (_, accept, form) => {
    expect(chooseSimpleForm(accept)).toBe(form);
  });

  it('is one of the known ones or none, whatever is sent', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('text/html', '*/*', ',', ';', 'q=', '0', '.5', ' ') }),
    );
    fc.assert(
      fc.property(anything, (accept) => {
        expect([...SIMPLE_FORMS, undefined]).toContain(chooseSimpleForm(accept));
      }),
    );
  });
});
