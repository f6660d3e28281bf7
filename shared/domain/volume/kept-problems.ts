/**
 * What is kept of the problems of a rejected release. They stand in one item of a table, which has 400 KB at most, and a release
 * whose rejection cannot be written would wait for ever; so the text of all of them together is bounded, as are their number and
 * each message. The first ones are kept: whoever publishes mends those and sees the rest next time.
 */
import { MOST_PROBLEMS, type ReleaseProblem } from './release.ts';

const LONGEST_MESSAGE = 500;
/** Characters; as JSON in UTF-8 each takes six bytes at worst. */
const MOST_CHARACTERS = 50_000;

export const keptProblems = (problems: readonly ReleaseProblem[]): readonly ReleaseProblem[] => {
  const kept: ReleaseProblem[] = [];
  let characters = 0;
  for (const { path, message } of problems.slice(0, MOST_PROBLEMS)) {
    const short = { path, message: message.slice(0, LONGEST_MESSAGE).toWellFormed() };
    characters += path.length + short.message.length;
    if (characters > MOST_CHARACTERS) return kept;
    kept.push(short);
  }
  return kept;
};
