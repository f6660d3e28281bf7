import * as v from 'valibot';
import { patternProblem } from '#domain/master/pattern-problem.ts';
import { type Parsed, parsedBy } from './scalars.ts';

/** A regular expression over whole paths. The empty one is the top: a rule may name it, an exclude would leave nothing. */
export const expression = (description: string, shortest: 0 | 1 = 0) =>
  v.pipe(
    v.string(),
    v.description(description),
    v.minLength(shortest, 'must not be empty'),
    parsedBy<string, string>((input): Parsed<string> => {
      const wrong = patternProblem(input);
      return wrong === undefined ? { value: input } : { wrong };
    }),
  );
