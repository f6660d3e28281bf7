/**
 * Errors as clients get them: the right status, the format's own content type, and a body under a kilobyte whatever was asked. dnf
 * repeats an error twelve times at once and apt waits for ever on an empty list, so an error is never a list and always short.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import { METALINK_TYPE, renderFailure } from '../metalink/render-metalink.ts';
import { TEXT_TYPE } from '../mirrorlist/render-mirrorlist.ts';
import type { Answer } from './answer.ts';
import type { AnswerFormat } from './request.ts';

export const JSON_TYPE = 'application/json';

/** Characters; with XML around it and JSON's escapes inside, still under a kilobyte. */
const PROBLEM_LENGTH = 160;
const NEAR_LENGTH = 300;

/** What clients sent is echoed only as printable ASCII. */
const printable = (text: string): string => text.replace(/[^ -~]/gu, '?').replace(/["\\]/g, '?');

const cut = (text: string): string => (text.length > PROBLEM_LENGTH ? `${text.slice(0, PROBLEM_LENGTH - 3)}...` : text);

/** Whole suggestions while there is room: half a name helps nobody. */
const fitting = (near: readonly string[]): string[] => {
  let room = NEAR_LENGTH;
  return near.map(printable).filter((name) => {
    room -= name.length;
    return room >= 0;
  });
};

export interface Problem {
  readonly status: 400 | 404;
  readonly problem: string;
  readonly near: readonly string[];
}

export const errorAnswer = (format: AnswerFormat, { status, problem, near }: Problem, publishedMs: EpochMs): Answer => {
  const text = cut(printable(problem));
  const names = fitting(near);
  const lines = [text, ...(names.length === 0 ? [] : ['near names:', ...names])];
  switch (format) {
    case 'mirrorlist':
      return { status, contentType: TEXT_TYPE, headers: {}, body: lines.map((line) => `# ${line}\n`).join('') };
    case 'metalink':
      return { status, contentType: METALINK_TYPE, headers: {}, body: renderFailure(lines, publishedMs) };
    case 'explain':
      return { status, contentType: JSON_TYPE, headers: {}, body: `${JSON.stringify({ error: text, near: names })}\n` };
  }
};
