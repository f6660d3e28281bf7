import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '#domain/errors.ts';
import { requiredEnvironment } from '#domain/required-environment.ts';
import { parseConfig as answer } from '../../functions/answer/config.ts';
import { parseConfig as crawlMirror } from '../../functions/crawl-mirror/config.ts';
import { parseConfig as planCrawls } from '../../functions/plan-crawls/config.ts';
import { parseConfig as publishSnapshot } from '../../functions/publish-snapshot/config.ts';
import { parseConfig as scanMaster } from '../../functions/scan-master/config.ts';

describe('the environment of a function', () => {
  it('is read whole, or everything that is missing or empty is named at once', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.option(fc.string(), { nil: undefined })),
        fc.uniqueArray(fc.string()),
        (env, keys) => {
          const missing = keys.filter((key) => !Object.hasOwn(env, key) || env[key] === undefined || env[key] === '');
          fc.pre(keys.every((key) => Object.hasOwn(env, key) || !(key in Object.prototype)));
          if (missing.length === 0) {
            expect(requiredEnvironment(env, keys)).toEqual(Object.fromEntries(keys.map((key) => [key, env[key]])));
          } else {
            expect(() => requiredEnvironment(env, keys)).toThrow(new ConfigError(`missing: ${missing.join(', ')}`));
          }
        },
      ),
    );
  });

  it.each(Object.entries({ answer, crawlMirror, planCrawls, publishSnapshot, scanMaster }))(
    '%s refuses to start without its own',
    (_, parse) => {
      expect(() => parse({})).toThrow(ConfigError);
    },
  );
});
