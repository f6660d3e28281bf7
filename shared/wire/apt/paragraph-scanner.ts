import { WireError } from '#domain/errors.ts';

/** Names in lower case; further lines of a field follow its first after a line end. */
export type Paragraph = ReadonlyMap<string, string>;

/** Descriptions of one line may be long; nothing real is longer than this. */
const LONGEST_LINE = 1_048_576;
const LONGEST_FIELD = 4_194_304;
const FIELD = /^([A-Za-z0-9][A-Za-z0-9_-]*):(.*)$/;

/** Paragraphs of Debian control files (Policy, 5.1), a piece at a time, of which only some fields are kept. Throws WireError. */
export class ParagraphScanner {
  readonly #wanted: ReadonlySet<string>;
  #rest = '';
  #fields = new Map<string, string>();
  #begun = false;
  #field = '';

  constructor(wanted: readonly string[]) {
    this.#wanted = new Set(wanted);
  }

  push(text: string): readonly Paragraph[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LONGEST_LINE) throw new WireError(`has a line longer than ${LONGEST_LINE} characters`);
    return lines.map((line) => this.#line(line)).filter((paragraph) => paragraph !== undefined);
  }

  end(): readonly Paragraph[] {
    return this.push('\n\n');
  }

  #line(line: string): Paragraph | undefined {
    if (line === '' || line.trim() === '') return this.#finish();
    const first = line.charCodeAt(0);
    // A blank or a tab: the field goes on.
    if (first === 0x20 || first === 0x09) this.#continue(line);
    else this.#begin(line);
    return undefined;
  }

  #begin(line: string): void {
    const match = FIELD.exec(line);
    if (match === null) throw new WireError(`has a line that is no field: ${JSON.stringify(line.slice(0, 80))}`);
    const name = (match[1] ?? '').toLowerCase();
    this.#begun = true;
    this.#field = this.#wanted.has(name) ? name : '';
    if (this.#field === '') return;
    if (this.#fields.has(name)) throw new WireError(`has the field ${name} twice in one paragraph`);
    this.#fields.set(name, (match[2] ?? '').trim());
  }

  #continue(line: string): void {
    if (!this.#begun) throw new WireError('begins with a line that goes on');
    if (this.#field === '') return;
    const longer = `${this.#fields.get(this.#field) ?? ''}\n${line.trim()}`;
    if (longer.length > LONGEST_FIELD) throw new WireError(`has a field longer than ${LONGEST_FIELD} characters`);
    this.#fields.set(this.#field, longer);
  }

  #finish(): Paragraph | undefined {
    if (!this.#begun) return undefined;
    const paragraph = this.#fields;
    [this.#fields, this.#begun, this.#field] = [new Map(), false, ''];
    return paragraph;
  }
}
