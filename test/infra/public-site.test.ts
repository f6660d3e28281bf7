import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SiteDomain } from '../../infra/environments.ts';
import { siteNames } from '../../infra/site-names.ts';
import { SITE_PATHS, siteOriginOf } from '../../infra/site-paths.ts';
import { RESERVED_SEGMENTS } from '../../shared/domain/content/mounts.ts';
import { parseAnswerQuery } from '../../shared/wire/answer-query.ts';
import { type DeployedStack, type StackFolder, stackFolder } from './deployed-stack.ts';

interface Behaviour {
  readonly PathPattern?: string;
  readonly TargetOriginId: string;
  readonly Compress: boolean;
  readonly ViewerProtocolPolicy: string;
  readonly CachePolicyId: { readonly Ref: string };
  readonly FunctionAssociations: readonly { readonly FunctionARN: { readonly 'Fn::GetAtt': readonly [string, string] } }[];
}

interface Origin {
  readonly Id: string;
  readonly OriginPath?: string;
  readonly DomainName: unknown;
  readonly CustomOriginConfig?: { readonly OriginReadTimeout: number };
}

interface Config {
  readonly DefaultCacheBehavior: Behaviour;
  readonly CacheBehaviors: readonly Behaviour[];
  readonly Origins: readonly Origin[];
  readonly OriginGroups: { readonly Items: readonly { readonly Id: string }[] };
  readonly CustomErrorResponses: readonly { readonly ErrorCode: number; readonly ErrorCachingMinTTL: number }[];
  readonly Aliases?: readonly string[];
  readonly ViewerCertificate?: unknown;
}

const configOf = ({ resources }: DeployedStack): Config => {
  const [distribution, ...others] = resources('AWS::CloudFront::Distribution');
  expect(others).toEqual([]);
  if (distribution === undefined) throw new Error('there is no distribution');
  return (distribution[1].Properties as { readonly DistributionConfig: Config }).DistributionConfig;
};

let folder: StackFolder;
let stack: DeployedStack;
let config: Config;

beforeAll(async () => {
  folder = await stackFolder();
  stack = folder.deploy({
    domain: { name: 'mirror.example.org', certificateArn: 'arn:aws:acm:us-east-1:1:certificate/x', placeNames: 'both' },
    hostNames: { domain: 'example.org', places: [{ region: 'dfw', provider: 'rackspace' }] },
  });
  config = configOf(stack);
}, 120_000);

afterAll(() => folder.remove());

const policies = () =>
  new Map(
    stack.resources('AWS::CloudFront::CachePolicy').map(([id, { Properties }]) => {
      const {
        MinTTL,
        DefaultTTL,
        MaxTTL,
        ParametersInCacheKeyAndForwardedToOrigin: key,
      } = (
        Properties as {
          CachePolicyConfig: {
            MinTTL: number;
            DefaultTTL: number;
            MaxTTL: number;
            ParametersInCacheKeyAndForwardedToOrigin: {
              HeadersConfig: { Headers?: string[] };
              QueryStringsConfig: { QueryStringBehavior: string };
              EnableAcceptEncodingGzip: boolean;
            };
          };
        }
      ).CachePolicyConfig;
      return [
        id,
        {
          ttl: [MinTTL, DefaultTTL, MaxTTL],
          headers: key.HeadersConfig.Headers ?? [],
          query: key.QueryStringsConfig.QueryStringBehavior,
          encodings: key.EnableAcceptEncodingGzip,
        },
      ];
    }),
  );

const codeOf = ({ FunctionAssociations: [association] }: Behaviour): string => {
  const id = association?.FunctionARN['Fn::GetAtt'][0] ?? '';
  const made = stack.resources('AWS::CloudFront::Function').find(([name]) => name === id);
  if (made === undefined) throw new Error(`no function ${id}`);
  return (made[1].Properties as { FunctionCode: string }).FunctionCode;
};

const behaviourOf = (pattern: string): Behaviour => {
  const [found] = config.CacheBehaviors.filter(({ PathPattern }) => PathPattern === pattern);
  if (found === undefined) throw new Error(`no behaviour for ${pattern}`);
  return found;
};

const A_YEAR = 31_536_000;

describe('the public site, deployed', () => {
  it('has a behaviour for each path that is not content, in their order, and answers plain http without a redirect', () => {
    expect(config.CacheBehaviors.map(({ PathPattern }) => PathPattern)).toEqual(SITE_PATHS.map(({ pattern }) => pattern));
    const every = [config.DefaultCacheBehavior, ...config.CacheBehaviors];
    expect(new Set(every.map(({ ViewerProtocolPolicy }) => ViewerProtocolPolicy))).toEqual(new Set(['allow-all']));
  });

  it('answers lists of mirrors as ever: by bucket and variant, and from the static lists when the function fails', () => {
    const [group] = config.OriginGroups.Items;
    expect(config.OriginGroups).toMatchObject({
      Quantity: 1,
      Items: [{ FailoverCriteria: { StatusCodes: { Items: [500, 502, 503, 504] } } }],
    });
    const answers = SITE_PATHS.filter(({ origin }) => origin === 'answer').map(({ pattern }) => behaviourOf(pattern));
    expect(answers).toHaveLength(17);
    for (const behaviour of answers) {
      expect(behaviour).toMatchObject({ TargetOriginId: group?.Id, Compress: true });
      expect(policies().get(behaviour.CachePolicyId.Ref)).toEqual({
        ttl: [0, 30, 600],
        headers: ['x-mirrortide-bucket', 'x-mirrortide-variant'],
        query: 'all',
        encodings: true,
      });
      expect(codeOf(behaviour)).toContain('x-mirrortide-bucket');
    }
    expect(config.Origins.filter(({ OriginPath }) => OriginPath === '/static')).toHaveLength(1);
  });

  it('keeps content for as long as the function says, under the path and nothing that clients choose', () => {
    const { DefaultCacheBehavior: content } = config;
    expect(policies().get(content.CachePolicyId.Ref)).toEqual({
      ttl: [0, 0, A_YEAR],
      headers: ['x-mirrortide-accept', 'x-mirrortide-host', 'x-mirrortide-scheme'],
      query: 'none',
      encodings: true,
    });
    const [origin] = config.Origins.filter(({ Id }) => Id === content.TargetOriginId);
    expect(origin?.CustomOriginConfig?.OriginReadTimeout).toBe(30);
    expect(codeOf(content)).toContain('x-mirrortide-accept');
  });

  it('reads objects from the bucket itself, as they are stored, for a year', () => {
    const objects = behaviourOf('/_o/*');
    expect(objects.Compress).toBe(false);
    expect(policies().get(objects.CachePolicyId.Ref)).toEqual({
      ttl: [0, A_YEAR, A_YEAR],
      headers: [],
      query: 'none',
      encodings: false,
    });
    const [origin] = config.Origins.filter(({ Id }) => Id === objects.TargetOriginId);
    expect(JSON.stringify(origin?.DomainName)).toContain('VolumeStorageContent');
    expect(origin?.OriginPath).toBeUndefined();
    expect(codeOf(objects)).toContain('sha256');
  });

  it('forgets errors soon: what is absent may be released within seconds', () => {
    expect(Object.fromEntries(config.CustomErrorResponses.map((one) => [one.ErrorCode, one.ErrorCachingMinTTL]))).toEqual({
      400: 30,
      403: 5,
      404: 5,
      405: 30,
    });
  });

  it('lets nobody but this distribution ask the functions and read the buckets', () => {
    const permissions = stack
      .resources('AWS::Lambda::Permission')
      .map(([, { Properties }]) => Properties as { Principal: string; FunctionUrlAuthType?: string; Action: string });
    const asking = permissions.filter(({ Principal }) => Principal === 'cloudfront.amazonaws.com');
    expect(asking.length).toBeGreaterThanOrEqual(2);
    for (const permission of asking) expect(JSON.stringify(permission)).toContain('"SourceArn"');
    for (const [, { Properties }] of stack.resources('AWS::Lambda::Url'))
      expect(Properties).toMatchObject({ AuthType: 'AWS_IAM' });
  });

  it("answers under a name of one's own and those of the network's places, with a modern minimum", () => {
    expect(config.Aliases).toEqual([
      'mirror.example.org',
      'mirror.dfw.rackspace.example.org',
      'mirror-dfw-rackspace.example.org',
    ]);
    expect(config.ViewerCertificate).toMatchObject({ MinimumProtocolVersion: 'TLSv1.2_2021', SslSupportMethod: 'sni-only' });
  });
});

describe('names of the site', () => {
  const domain = (placeNames: SiteDomain['placeNames']): SiteDomain => ({
    name: 'mirror.example.org',
    certificateArn: 'x',
    placeNames,
  });
  const place = (region: string) => ({ region, provider: 'p' });

  it.each([
    ['none', ['mirror.example.org']],
    ['dashed', ['mirror.example.org', 'mirror-a-p.example.org']],
    ['both', ['mirror.example.org', 'mirror.a.p.example.org', 'mirror-a-p.example.org']],
  ] as const)('are, for places %s, %j', (placeNames, names) => {
    expect(siteNames(domain(placeNames), { domain: 'example.org', places: [place('a')] })).toEqual(names);
  });

  it('are one while the network has no domain or no content', () => {
    expect(siteNames(domain('both'), undefined)).toEqual(['mirror.example.org']);
    expect(siteNames(domain('both'), { domain: undefined, places: [place('a')] })).toEqual(['mirror.example.org']);
  });

  it('are a hundred at most', () => {
    const places = (count: number) => Array.from({ length: count }, (_, at) => place(`r${at}`));
    expect(siteNames(domain('dashed'), { domain: 'example.org', places: places(99) })).toHaveLength(100);
    expect(() => siteNames(domain('dashed'), { domain: 'example.org', places: places(100) })).toThrow(
      'the CDN takes 100 names, and the places of the network have 101',
    );
  });
});

describe('paths of the site', () => {
  it.each([
    ['/metalink', 'answer'],
    ['/mirrorlist/fedora-41/x86_64', 'answer'],
    ['/explain/', 'answer'],
    ['//mirrorlist', 'answer'],
    ['//metalink/fedora-41/x86_64', 'answer'],
    ['///mirrorlist', 'content'],
    ['/status.json', 'answer'],
    ['/_o/sha256/00/x', 'objects'],
    ['/', 'content'],
    ['/statuses/x', 'content'],
    ['/metalinks', 'content'],
    ['/centos/metalink', 'content'],
    ['/_ox', 'content'],
  ] as const)('%s is %s', (path, origin) => {
    expect(siteOriginOf(path)).toBe(origin);
  });

  it('are no mount, and every question that answer understands is one of them', () => {
    for (const { pattern } of SITE_PATHS) {
      const [first = ''] = pattern.replace(/^\/+/, '').split('/');
      expect(RESERVED_SEGMENTS).toContain(first);
    }
    for (const path of ['/metalink', '/mirrorlist/a/b', '/explain', '/status', '/status.json', '/status/'])
      expect([path, parseAnswerQuery(path, '').kind === 'not-found', siteOriginOf(path)]).toEqual([path, false, 'answer']);
  });
});
