import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import { servesEveryone } from '#domain/selection/eligibility.ts';
import { fitPlaces, RESERVED_PLACES } from '#domain/selection/fit-places.ts';
import { select } from '#domain/selection/select.ts';
import type { Excluded, Selection, SelectionRequest } from '#domain/selection/selection.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import { anyClient, anyDocument, type NetworkSketch, sketchNetwork, viewOf } from '../../support/snapshot-document.ts';

const asking = (view: SnapshotView, over: Partial<SelectionRequest> = {}): SelectionRequest => ({
  standings: view.standings(0),
  topic: 'linux-41|x86_64',
  alternatesFollow: true,
  countries: [],
  protocols: ['https', 'http', 'rsync'],
  netblock: true,
  ...over,
});

const names = (view: SnapshotView, selection: Selection): string[] => selection.accepted.map(({ host }) => view.host(host).id);

interface Asked {
  readonly client?: Partial<typeof UNKNOWN_CLIENT>;
  readonly request?: Partial<SelectionRequest>;
}

const listed = (sketch: NetworkSketch, { client, request }: Asked = {}): string[] => {
  const view = viewOf(sketchNetwork(sketch));
  return names(view, select(view, asking(view, request), { ...UNKNOWN_CLIENT, ...client }));
};

const reasons = (sketch: NetworkSketch, { client, request }: Asked = {}): Record<string, string> => {
  const view = viewOf(sketchNetwork(sketch));
  const excluded: Excluded[] = [];
  select(view, asking(view, request), { ...UNKNOWN_CLIENT, ...client }, excluded);
  return Object.fromEntries(excluded.map(({ host, reason }) => [view.host(host).id, reason.kind]));
};

describe('the order of tiers', () => {
  const hosts = [
    'far US',
    'continent FR',
    'home DE',
    'network JP asn=64500',
    'wide JP net=10.0.0.0/8',
    'narrow JP private net=10.1.0.0/16',
  ];

  it('is netblocks by length, network, country, continent, everywhere', () => {
    const client = { netblock: '10.1.0.0/16', asn: 64_500, country: 'DE' };
    expect(listed({ hosts, minimumHosts: 6 }, { client })).toEqual(['narrow', 'wide', 'network', 'home', 'continent', 'far']);
  });

  it('ends before everywhere when there are enough nearer hosts', () => {
    const client = { netblock: '10.1.0.0/16', asn: 64_500, country: 'DE' };
    expect(listed({ hosts, minimumHosts: 5 }, { client })).toEqual(['narrow', 'wide', 'network', 'home', 'continent']);
    expect(reasons({ hosts, minimumHosts: 5 }, { client })).toEqual({ far: 'enough-nearer' });
  });

  it('matches a netblock that contains the one in the bucket, when the edge knows a longer one than the snapshot', () => {
    expect(listed({ hosts }, { client: { netblock: '10.1.2.0/24', country: 'DE' } })[0]).toBe('narrow');
  });

  it('leaves netblocks and networks out when the client says netblock=0', () => {
    const client = { netblock: '10.1.0.0/16', asn: 64_500, country: 'DE' };
    expect(listed({ hosts }, { client, request: { netblock: false } })).toEqual(['home', 'continent']);
  });

  it('is everywhere alone for a client of whom nothing is known', () => {
    expect(listed({ hosts }).sort()).toEqual(['continent', 'far', 'home', 'network', 'wide']);
  });

  it('goes on to everywhere when the nearer hosts all serve only some', () => {
    const sketch = { hosts: ['a DE allow=DE', 'b DE allow=DE', 'c US', 'd US'], minimumHosts: 2 };
    expect(
      listed(sketch, { client: { country: 'DE' } })
        .slice(0, 2)
        .sort(),
    ).toEqual(['a', 'b']);
    expect(listed(sketch, { client: { country: 'DE' } })).toHaveLength(4);
  });
});

describe('asked countries', () => {
  const hosts = ['de DE', 'fr FR', 'us US', 'jp JP', 'mine JP net=10.0.0.0/8'];

  it('replace the client’s own place', () => {
    expect(listed({ hosts }, { client: { netblock: '10.0.0.0/8', country: 'JP' }, request: { countries: ['DE'] } })).toEqual([
      'de',
    ]);
    expect(reasons({ hosts }, { client: { country: 'JP' }, request: { countries: ['DE'] } })).toEqual({
      fr: 'not-in-asked-countries',
      us: 'not-in-asked-countries',
      jp: 'not-in-asked-countries',
      mine: 'not-in-asked-countries',
    });
  });

  it('come before the rest when global is asked for too', () => {
    const list = listed({ hosts }, { client: { country: 'JP' }, request: { countries: ['GLOBAL', 'FR'] } });
    expect(list[0]).toBe('fr');
    expect([...list].sort()).toEqual(['de', 'fr', 'jp', 'mine', 'us']);
  });

  it('widen to their continent, then to the client’s place, when nothing is there', () => {
    expect(listed({ hosts }, { request: { countries: ['SE'] } }).sort()).toEqual(['de', 'fr']);
    expect(listed({ hosts, minimumHosts: 1 }, { client: { country: 'US' }, request: { countries: ['BR'] } })[0]).toBe('us');
  });

  it('widen when limits leave nothing of them', () => {
    const limited = ['fr FR allow=FR', 'se SE', 'us US'];
    expect(listed({ hosts: limited }, { client: { country: 'US' }, request: { countries: ['FR'] } })).toEqual(['se']);
  });

  it('widen rather than give only hosts that are behind', () => {
    expect(listed({ hosts: ['de DE alternate', 'fr FR'] }, { request: { countries: ['DE'] } })).toEqual(['fr', 'de']);
  });
});

describe('limits', () => {
  it('keep a host to its countries in every tier', () => {
    const hosts = [
      'net FR net=10.0.0.0/8 allow=FR',
      'asn FR asn=64500 allow=FR',
      'home SE allow=FR',
      'continent FR allow=FR',
      'far US allow=FR',
      'open JP',
    ];
    const client = { netblock: '10.0.0.0/8', asn: 64_500, country: 'SE' };
    expect(listed({ hosts, minimumHosts: 6 }, { client })).toEqual(['open']);
    expect(listed({ hosts, minimumHosts: 6 }, { client, request: { countries: ['FR', 'GLOBAL'] } })).toEqual(['open']);
    expect(listed({ hosts, minimumHosts: 6 }, { client: { ...client, country: 'FR' } })).toHaveLength(6);
  });

  it('give no mirror to a client in an embargoed country, nor a private one', () => {
    const sketch = { hosts: ['a DE', 'b KP private net=10.0.0.0/8'], embargoed: ['KP'] };
    expect(listed(sketch, { client: { netblock: '10.0.0.0/8', country: 'KP' } })).toEqual([]);
    expect(reasons(sketch, { client: { country: 'KP' } })).toEqual({ a: 'client-embargoed', b: 'client-embargoed' });
  });

  it('leave out hosts without a URL of the asked protocols, and keep https before http', () => {
    const view = viewOf(sketchNetwork({ hosts: ['a DE rsync', 'b DE'] }));
    const selection = select(view, asking(view, { protocols: ['http', 'https'] }), UNKNOWN_CLIENT);
    expect(selection.accepted.map(({ urls }) => urls.map(({ protocol }) => protocol))).toEqual([['https', 'http']]);
    expect(reasons({ hosts: ['a DE rsync', 'b DE'] }, { request: { protocols: ['https'] } })).toEqual({ a: 'no-such-protocol' });
  });
});

it('lists a host once, even when two carriers of a category are the same host', () => {
  const document = sketchNetwork({ hosts: ['a DE', 'b DE'] });
  const view = viewOf({ ...document, carriers: document.carriers.map((carrier) => ({ ...carrier, host: 0 })) });
  const excluded: Excluded[] = [];
  expect(names(view, select(view, asking(view), UNKNOWN_CLIENT, excluded))).toEqual(['a']);
  expect(excluded).toEqual([{ carrier: 1, host: 0, reason: { kind: 'host-already-listed' } }]);
});

describe('hosts that are behind', () => {
  const hosts = ['old-home DE alternate', 'new-far US', 'new-far-2 US'];

  it('follow the current ones where the list can tell them apart, even from nearby', () => {
    expect(listed({ hosts }, { client: { country: 'DE' } }).at(-1)).toBe('old-home');
  });

  it('are left out of lists that cannot', () => {
    const request = { alternatesFollow: false };
    expect(listed({ hosts }, { client: { country: 'DE' }, request }).sort()).toEqual(['new-far', 'new-far-2']);
    expect(reasons({ hosts }, { client: { country: 'DE' }, request })).toEqual({ 'old-home': 'only-alternate' });
  });

  it('are all there is when nobody is current', () => {
    expect(listed({ hosts: ['a DE alternate', 'b DE stale'] }, { request: { alternatesFollow: false } })).toEqual(['a']);
  });
});

describe('the draw', () => {
  const many = Array.from({ length: 40 }, (_, index) => `host-${index} DE w=${index % 2 === 0 ? 1_000 : 100}`);

  it('puts a host first as often as its weight says', () => {
    const view = viewOf(sketchNetwork({ hosts: ['heavy DE w=3000', 'light DE w=1000'] }));
    const rounds = 4_000;
    let heavy = 0;
    for (let round = 0; round < rounds; round += 1) {
      if (names(view, select(view, asking(view, { topic: `topic-${round}` }), UNKNOWN_CLIENT))[0] === 'heavy') heavy += 1;
    }
    // Five standard deviations around 3/4; the draw is fixed, so this cannot fail by chance later.
    expect(Math.abs(heavy / rounds - 0.75)).toBeLessThan(0.035);
  });

  it('uses every order of equal hosts', () => {
    const view = viewOf(sketchNetwork({ hosts: ['a DE', 'b DE', 'c DE'] }));
    const seen = new Map<string, number>();
    for (let round = 0; round < 3_000; round += 1) {
      const order = names(view, select(view, asking(view, { topic: `topic-${round}` }), UNKNOWN_CLIENT)).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    for (const count of seen.values()) expect(Math.abs(count - 500)).toBeLessThan(110);
  });

  it('differs between variants', () => {
    const view = viewOf(sketchNetwork({ hosts: many, maximumHosts: 40 }));
    const orders = Array.from({ length: 8 }, (_, variant) =>
      names(view, select(view, asking(view), { ...UNKNOWN_CLIENT, variant })).join(),
    );
    expect(new Set(orders).size).toBe(8);
  });

  it('leaves the order of the others alone when a host comes or goes', () => {
    fc.assert(
      fc.property(fc.nat(39), fc.nat(7), (gone, variant) => {
        const whole = listed({ hosts: many, maximumHosts: 40 }, { client: { variant } });
        const rest = listed({ hosts: many.filter((_, index) => index !== gone), maximumHosts: 40 }, { client: { variant } });
        expect(rest).toEqual(whole.filter((name) => name !== `host-${gone}`));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the places of a list', () => {
  const anyItems = fc.array(fc.boolean(), { maxLength: 12 }).map((open) => open.map((isOpen, index) => ({ index, isOpen })));

  it('are as many as fit, and the last ones hold hosts that serve everyone', () => {
    fc.assert(
      fc.property(anyItems, fc.nat(14), (items, maximum) => {
        const { kept, leftOut } = fitPlaces(items, maximum, ({ isOpen }) => isOpen);
        const places = Math.min(items.length, maximum);
        const open = items.filter(({ isOpen }) => isOpen).length;
        const reserved = Math.min(RESERVED_PLACES, open, Math.ceil(places / 2));
        expect(kept).toHaveLength(places);
        expect(kept.slice(places - reserved).every(({ isOpen }) => isOpen)).toBe(true);
        expect([...kept, ...leftOut].map(({ index }) => index).sort((a, b) => a - b)).toEqual(items.map(({ index }) => index));
        for (const isOpen of [true, false]) {
          const order = kept.filter((one) => one.isOpen === isOpen).map(({ index }) => index);
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('hold a public host although private ones would fill the list', () => {
    const hosts = [
      'p1 DE private net=10.0.0.0/8',
      'p2 DE private net=10.0.0.0/8',
      'p3 DE private net=10.0.0.0/8',
      'open US',
      'open-2 JP',
    ];
    const list = listed({ hosts, maximumHosts: 3, minimumHosts: 3 }, { client: { netblock: '10.0.0.0/8', country: 'DE' } });
    expect(list).toHaveLength(3);
    expect(list.slice(1).sort()).toEqual(['open', 'open-2']);
  });
});

describe('every selection', () => {
  const anyAsked = fc.record({
    countries: fc.subarray(['DE', 'FR', 'US', 'GLOBAL', 'ZZ']),
    protocols: fc.oneof(fc.constant(['https', 'http', 'rsync']), fc.subarray(['https', 'http', 'rsync', 'ftp'])),
    netblock: fc.boolean(),
    alternatesFollow: fc.boolean(),
    topic: fc.string(),
  });

  it('obeys the limits of hosts and policy, and tells why of everybody', () => {
    fc.assert(
      fc.property(anyDocument, anyAsked, anyClient, (document, asked, client) => {
        const view = viewOf(document);
        document.standings.forEach((standings, index) => {
          const request = { ...asked, standings: view.standings(index) };
          const excluded: Excluded[] = [];
          const { accepted } = select(view, request, client, excluded);
          expect(select(view, request, client).accepted).toEqual(accepted);

          expect(accepted.length).toBeLessThanOrEqual(view.settings.maximumHosts);
          expect(new Set(accepted.map(({ host }) => host)).size).toBe(accepted.length);
          for (const { carrier: number, host: hostNumber, tier, urls, class: standing } of accepted) {
            const carrier = view.carrier(number);
            const host = view.host(hostNumber);
            expect(carrier.state).toBe('serving');
            expect(standings[standing]).toContain(number);
            if (host.private) expect(['netblock', 'asn']).toContain(tier.kind);
            if (host.countriesAllowed.length > 0) expect(host.countriesAllowed).toContain(client.country);
            expect(view.settings.embargoedCountries).not.toContain(client.country);
            expect(urls).toEqual(carrier.urls.filter(({ protocol }) => asked.protocols.includes(protocol)));
            expect(urls).not.toEqual([]);
          }
          const classes = accepted.map((one) => one.class);
          expect(classes).toEqual([...classes].sort().reverse());
          if (!asked.alternatesFollow) expect(new Set(classes).size).toBeLessThan(2);

          const everybody = [...standings.current, ...standings.alternate].sort((a, b) => a - b);
          expect([...accepted, ...excluded].map(({ carrier }) => carrier).sort((a, b) => a - b)).toEqual(everybody);
        });
      }),
    );
  });

  it('ends each class with hosts that serve everyone, as far as there are any', () => {
    fc.assert(
      fc.property(anyDocument, anyAsked, anyClient, (document, asked, client) => {
        const view = viewOf(document);
        document.standings.forEach((_, index) => {
          const { accepted } = select(view, { ...asked, standings: view.standings(index) }, client);
          const current = accepted.filter((one) => one.class === 'current').map(({ host }) => servesEveryone(view.host(host)));
          const reserved = Math.min(RESERVED_PLACES, current.filter(Boolean).length, Math.ceil(current.length / 2));
          expect(current.slice(current.length - reserved).every(Boolean)).toBe(true);
        });
      }),
    );
  });

  it('is not empty when somebody may be offered, unless everybody is too far for what was asked', () => {
    fc.assert(
      fc.property(anyDocument, anyClient, (document, client) => {
        const view = viewOf(document);
        document.standings.forEach((standings, index) => {
          const offered = [...standings.current, ...standings.alternate].some((number) => {
            const carrier = view.carrier(number);
            return carrier.state === 'serving' && carrier.urls.length > 0 && servesEveryone(view.host(carrier.host));
          });
          const embargoed = view.settings.embargoedCountries.includes(client.country ?? '');
          const { accepted } = select(view, asking(view, { standings: view.standings(index) }), client);
          if (offered && !embargoed) expect(accepted).not.toEqual([]);
        });
      }),
    );
  });
});
