import { mayDo, type Operation } from '#domain/access/permissions.ts';
import { passesIfNoneMatch } from '#wire/api/entity-tags.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { parseJsonBody } from '#wire/api/json-body.ts';
import { ENTITY_ID } from '#wire/fields.ts';
import { field, text } from '#wire/network-file/raw.ts';
import { type AdminRequest, accessTo } from './admin-deps.ts';
import { changePart } from './change-part.ts';
import type { Change, Intent } from './decide-change.ts';
import { documentOf, type EntityKind, entitiesIn, type Part, partName, SECTIONS, type Section } from './document-part.ts';
import { firstPage, pageLimit } from './page.ts';
import { badRequest, entityTag, forbidden, notFound } from './replies.ts';

export const MAX_BODY_BYTES = 1_048_576;
const JSON_TYPE = 'application/json';
const MERGE_PATCH = 'application/merge-patch+json';

type Answer = Promise<HttpReply> | HttpReply;
type Call = (request: AdminRequest) => Answer;

/** The sites that an entity belongs to; none for what belongs to the whole network. */
const sitesOf = (kind: EntityKind, value: unknown): readonly string[] => {
  if (kind === 'category') return [];
  return [text(field(value, kind === 'site' ? 'id' : 'site')) ?? ''];
};

const mayRead = (request: AdminRequest, kind: EntityKind, value: unknown): boolean =>
  mayDo(request.user, `${kind}.read`, sitesOf(kind, value), accessTo(request.network));

/** As `mayRead`, asked once for each site and not for each of ten thousand hosts. */
const mayReadAmong = (request: AdminRequest, kind: EntityKind): ((value: unknown) => boolean) => {
  const verdicts = new Map<string, boolean>();
  return (value) => {
    const [site = ''] = sitesOf(kind, value);
    const verdict = verdicts.get(site) ?? mayRead(request, kind, value);
    verdicts.set(site, verdict);
    return verdict;
  };
};

const readReply = (request: AdminRequest, value: unknown): HttpReply => {
  const etag = entityTag(value);
  const headers = { etag, 'mirrortide-revision': String(request.network.revision) };
  return passesIfNoneMatch(request.call.headers['if-none-match'], etag)
    ? jsonReply(200, value, headers)
    : { statusCode: 304, headers: { 'cache-control': 'no-store', ...headers }, body: '' };
};

/** Runs `answer` for the entity that the path names. */
const named =
  (kind: EntityKind, answer: (request: AdminRequest, part: Part & { readonly kind: EntityKind }) => Answer): Call =>
  (request) => {
    const [id = ''] = request.params;
    return ENTITY_ID.test(id)
      ? answer(request, { kind, id })
      : badRequest('An id is 1 to 100 lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or a digit.');
  };

/** Undefined for somebody who may do this to an entity that is there; otherwise why not. */
export const refusalFor = (request: AdminRequest, kind: EntityKind, id: string, operation: Operation): HttpReply | undefined => {
  const value = documentOf(request.network.document, { kind, id });
  if (value === undefined) return notFound(`There is no ${kind}/${id.slice(0, 100)}.`);
  const may = mayDo(request.user, operation, sitesOf(kind, value), accessTo(request.network));
  return may ? undefined : forbidden(`The ${kind} is not yours.`);
};

export const readEntity = (kind: EntityKind): Call =>
  named(kind, (request, part) => {
    const value = documentOf(request.network.document, part);
    if (value === undefined) return notFound(`There is no ${partName(part)}.`);
    return mayRead(request, kind, value) ? readReply(request, value) : forbidden(`The ${kind} is not yours to read.`);
  });

const idOf = (value: unknown): string => text(field(value, 'id')) ?? '';

/** What its reader may read, in the order of the ids. */
export const listEntities =
  (kind: EntityKind): Call =>
  (request) => {
    const limit = pageLimit(request.query['limit']);
    if (limit === undefined) return badRequest('limit is a whole number, 1 to 500.');
    const { site, after = '' } = request.query;
    const found = entitiesIn(request.network.document, kind)
      .filter((value) => idOf(value) > after && (site === undefined || field(value, 'site') === site))
      .filter(mayReadAmong(request, kind))
      .toSorted((left, right) => (idOf(left) < idOf(right) ? -1 : 1));
    const items = firstPage(found, limit);
    const next = found.length > items.length ? idOf(items.at(-1)) : undefined;
    return jsonReply(200, { items, next }, { 'mirrortide-revision': String(request.network.revision) });
  };

const intentOf = (request: AdminRequest, kind: 'put' | 'patch'): Intent | HttpReply => {
  const body = parseJsonBody(request.call, kind === 'put' ? [JSON_TYPE] : [MERGE_PATCH, JSON_TYPE], MAX_BODY_BYTES);
  if (body.kind === 'reply') return body.reply;
  return kind === 'put' ? { kind, value: body.value } : { kind, patch: body.value };
};

const isReply = (value: Intent | HttpReply): value is HttpReply => 'statusCode' in value;

const revokeTokens = async ({ deps, call }: AdminRequest, host: string): Promise<void> => {
  for (const { id, revokedMs } of await deps.tokens.list(host)) {
    if (revokedMs === undefined) await deps.tokens.revoke(host, id, call.arrivedMs);
  }
};

const change = (request: AdminRequest, part: Part, intent: Intent): Promise<HttpReply> =>
  changePart(request, part, intent, {
    // A removal may have been cut off before it revoked: tokens of an earlier host of that name are not good for a new one.
    before: async ({ operation }: Change) => {
      if (part.kind === 'host' && operation === 'create') await revokeTokens(request, part.id);
    },
    after: async ({ operation }: Change) => {
      if (part.kind === 'host' && operation === 'delete') await revokeTokens(request, part.id);
    },
  });

export const writeEntity = (kind: EntityKind, how: 'put' | 'patch'): Call =>
  named(kind, (request, part) => {
    const intent = intentOf(request, how);
    return isReply(intent) ? intent : change(request, part, intent);
  });

export const deleteEntity = (kind: EntityKind): Call => named(kind, (request, part) => change(request, part, { kind: 'delete' }));

const isSection = (text: string): text is Section => SECTIONS.some((section) => section === text);

const section =
  (answer: (request: AdminRequest, part: Part & { readonly kind: 'settings' }) => Answer): Call =>
  (request) => {
    const [name = ''] = request.params;
    return isSection(name)
      ? answer(request, { kind: 'settings', section: name })
      : notFound(`The settings have no such section; they have ${SECTIONS.join(', ')}.`);
  };

export const readSection: Call = section((request, part) => {
  if (!mayDo(request.user, 'settings.read', [], accessTo(request.network))) {
    return forbidden('Only an administrator of the network reads its settings.');
  }
  const value = documentOf(request.network.document, part);
  return value === undefined ? notFound(`The network has no ${part.section}.`) : readReply(request, value);
});

export const writeSection = (how: 'put' | 'patch'): Call =>
  section((request, part) => {
    const intent = intentOf(request, how);
    return isReply(intent) ? intent : change(request, part, intent);
  });

export const deleteSection: Call = section((request, part) => change(request, part, { kind: 'delete' }));
