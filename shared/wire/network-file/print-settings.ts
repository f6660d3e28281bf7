import type * as v from 'valibot';
import type { DrainPolicy } from '#domain/drain/drain-policy.ts';
import type { NetworkSettings } from '#domain/inventory/inventory.ts';
import { disabledSchema, type networkFileSchema } from './network-file-schema.ts';
import {
  accessSchema,
  answerSchema,
  crawlSchema,
  drainGroupSchema,
  drainSchema,
  guardSchema,
  minimumPrefixSchema,
  policiesSchema,
} from './policies-schema.ts';
import { said } from './said.ts';
import { printDuration } from './scalars.ts';

type FileDocument = Required<v.InferInput<typeof networkFileSchema>>;
export type SettingsDocument = Pick<
  FileDocument,
  'network' | 'policies' | 'aliases' | 'disabled' | 'countryOverrides' | 'continentOverrides'
>;

const printDrain = (drain: DrainPolicy): v.InferInput<typeof drainSchema> =>
  said(drainSchema, {
    groups: drain.groups.map((group) => said(drainGroupSchema, group)),
    lease: printDuration(drain.leaseMs),
    maximum: printDuration(drain.maximumMs),
    ticket: printDuration(drain.ticketMs),
    cacheBudget: printDuration(drain.cacheBudgetMs),
    onFailure: drain.onFailure,
    lapsedAlarm: printDuration(drain.lapsedAlarmMs),
  });

const printPolicies = ({ answer, crawl, guard, access, drain }: NetworkSettings): SettingsDocument['policies'] => {
  const { contact: _, ...crawling } = crawl;
  return said(policiesSchema, {
    answer: said(answerSchema, answer),
    crawl: said(crawlSchema, crawling),
    guard: said(guardSchema, guard),
    access: said(accessSchema, { ...access, minimumPrefix: said(minimumPrefixSchema, access.minimumPrefix) }),
    drain: printDrain(drain),
  });
};

/** The parts of the network file that are settings, each in the file's own shape; none is left out. */
export const printSettings = (settings: NetworkSettings): SettingsDocument => ({
  network: { name: settings.name, contact: settings.crawl.contact },
  policies: printPolicies(settings),
  aliases: Object.fromEntries(settings.aliases.map(({ from, to }) => [from, to])),
  disabled: settings.disabled.map((one) => said(disabledSchema, one)),
  countryOverrides: Object.fromEntries(settings.countryOverrides.map(({ netblock, country }) => [netblock, country])),
  continentOverrides: Object.fromEntries(
    settings.continentOverrides.map(({ country, continent }) => [country, continent]),
  ) as SettingsDocument['continentOverrides'],
});
