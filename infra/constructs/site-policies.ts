import { Duration } from 'aws-cdk-lib';
import {
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';

/** What one kind of path is kept under and for how long, and what its origin hears of the client beside that. */

export const answerCache = (scope: Construct): CachePolicy =>
  new CachePolicy(scope, 'Cache', {
    comment: 'Tidied query, client bucket, shuffle variant',
    headerBehavior: CacheHeaderBehavior.allowList('x-mirrortide-bucket', 'x-mirrortide-variant'),
    queryStringBehavior: CacheQueryStringBehavior.all(),
    cookieBehavior: CacheCookieBehavior.none(),
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.seconds(30),
    maxTtl: Duration.minutes(10),
    enableAcceptEncodingGzip: true,
    enableAcceptEncodingBrotli: true,
  });

/** The viewer function only sees the CDN's own geography headers when a policy names them. */
export const answerRequest = (scope: Construct): OriginRequestPolicy =>
  new OriginRequestPolicy(scope, 'OriginRequest', {
    comment: 'Makes the viewer country and network known at the edge',
    headerBehavior: OriginRequestHeaderBehavior.allowList('CloudFront-Viewer-Country', 'CloudFront-Viewer-ASN'),
    queryStringBehavior: OriginRequestQueryStringBehavior.all(),
    cookieBehavior: OriginRequestCookieBehavior.none(),
  });

/**
 * The path says what content is; the viewer function adds the form of a page where there are several, and the client's own host name
 * for the one file that depends on it. `content` says for how long: what it says nothing of is not kept.
 */
export const contentCache = (scope: Construct): CachePolicy =>
  new CachePolicy(scope, 'ContentCache', {
    comment: 'Path, and the few things that pages of content depend on',
    headerBehavior: CacheHeaderBehavior.allowList('x-mirrortide-accept', 'x-mirrortide-host', 'x-mirrortide-scheme'),
    queryStringBehavior: CacheQueryStringBehavior.none(),
    cookieBehavior: CacheCookieBehavior.none(),
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.seconds(0),
    maxTtl: Duration.days(365),
    enableAcceptEncodingGzip: true,
    enableAcceptEncodingBrotli: true,
  });

/** As for `answer`: the viewer function sees which of http and https a client used when a policy names the header. */
export const contentRequest = (scope: Construct): OriginRequestPolicy =>
  new OriginRequestPolicy(scope, 'ContentRequest', {
    comment: 'Makes the viewer protocol known at the edge',
    headerBehavior: OriginRequestHeaderBehavior.allowList('CloudFront-Forwarded-Proto'),
    queryStringBehavior: OriginRequestQueryStringBehavior.none(),
    cookieBehavior: OriginRequestCookieBehavior.none(),
  });

/** Named by their hash: a year, which is the longest that a cache is told anything. Compressed ones stay as they are stored. */
export const objectCache = (scope: Construct): CachePolicy =>
  new CachePolicy(scope, 'ObjectCache', {
    comment: 'Objects by their hash, for a year',
    headerBehavior: CacheHeaderBehavior.none(),
    queryStringBehavior: CacheQueryStringBehavior.none(),
    cookieBehavior: CacheCookieBehavior.none(),
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.days(365),
    maxTtl: Duration.days(365),
    enableAcceptEncodingGzip: false,
    enableAcceptEncodingBrotli: false,
  });
