import * as v from 'valibot';
import { flag, line, slug } from './scalars.ts';

export const siteSchema = v.pipe(
  v.strictObject({
    id: slug('Name of the site in this file; hosts refer to it.'),
    name: v.optional(line('Name of the site for people. Defaults to its id.')),
    private: v.optional(flag('Hosts of a private site are never offered to the public, whatever they say themselves.'), false),
    ownerActive: v.optional(flag("The owner's switch; off takes all hosts of the site out of the answers."), true),
    adminActive: v.optional(flag("The network administrator's switch, independent of the owner's."), true),
  }),
  v.description('Whoever runs hosts: a university, a company.'),
);
