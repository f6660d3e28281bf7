import * as v from 'valibot';
import { contacts, flag, line, listOf, slug, webUrl } from './scalars.ts';

export const siteSchema = v.pipe(
  v.strictObject({
    id: slug('Name of the site in this file; hosts refer to it.'),
    name: v.optional(line('Name of the site for people. Defaults to its id.')),
    private: v.optional(flag('Hosts of a private site are never offered to the public, whatever they say themselves.'), false),
    ownerActive: v.optional(flag("The owner's switch; off takes all hosts of the site out of the answers."), true),
    adminActive: v.optional(flag("The network administrator's switch, independent of the owner's."), true),
    url: v.optional(webUrl('Where people read about the site.')),
    contacts: v.optional(contacts('Who answers for the site.'), []),
    admins: v.optional(
      listOf(
        line('A user, as the identity provider names it.'),
        'Users that may change the site and its hosts, besides the administrators of the network.',
        100,
      ),
      [],
    ),
  }),
  v.description('Whoever runs hosts: a university, a company.'),
);
