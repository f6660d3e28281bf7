import type { Inventory, Site } from '#domain/inventory/inventory.ts';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import { parseReport, type Report } from '#wire/report-mirror/parse-report.ts';
import { parseXmlRpcCall, printXmlRpcFault, printXmlRpcReply } from '#wire/report-mirror/xml-rpc.ts';
import { wrongMethod } from './calling-host.ts';
import { type CheckInOutcome, checkIn } from './check-in.ts';
import type { CheckInDeps } from './hosts-deps.ts';
import type { KnownHost } from './network-reads.ts';

/** XML-RPC answers 200, whatever the answer is; report_mirror prints the text and shows any other status as an outage. */
const xml = (body: string): HttpReply => ({
  statusCode: 200,
  headers: { 'content-type': 'text/xml; charset=utf-8', 'cache-control': 'no-store' },
  body,
});

const SUCCESS = 'checked in successful';
const FAILURE = 'error checking in';

const refused = (reason: string): HttpReply => xml(printXmlRpcReply(`${reason}\n${FAILURE}`));

const isNamed = (site: Site | undefined, name: string): boolean =>
  site !== undefined && [site.id, site.name.toLowerCase()].includes(name.toLowerCase());

/** The host that the report names, if its password is a token of that very host and the site is the host's. One answer for all that is wrong. */
const reportingHost = async (deps: CheckInDeps, report: Report): Promise<KnownHost | undefined> => {
  const token = await deps.tokens.verify(report.password, deps.clock.now());
  if (token === undefined || token.host !== report.hostName.toLowerCase()) return undefined;
  const known = await deps.reads.host(token.host);
  const site = known?.inventory.sites.find(({ id }) => id === known.host.site);
  return isNamed(site, report.siteName) ? known : undefined;
};

/** A section is called like the category; where MirrorManager's names have blanks, ours have hyphens. */
const categoryOf = ({ categories }: Inventory, section: string) =>
  categories.find(({ id }) => id.toLowerCase() === section || id.toLowerCase() === section.trim().replaceAll(/\s+/g, '-'))?.id;

const lineOf = (name: string, { result, retryAfterMs = 0, counts }: CheckInOutcome): string => {
  switch (result) {
    case 'recorded':
      return `Category ${name} directories updated: ${counts?.updated ?? 0}  added: ${counts?.added ?? 0}  deleted ${counts?.deleted ?? 0}`;
    case 'probing':
      return `Category ${name}: this mirror can be looked at, which is done now`;
    case 'too_soon':
      return `Category ${name}: was checked in a moment ago, nothing changed`;
    case 'busy':
      return `Category ${name}: is being looked at, check in again in ${Math.ceil(retryAfterMs / 1000)} seconds`;
    case 'nothing_known':
      return `Category ${name}: none of the directories is known, nothing changed`;
    case 'switched_off':
      return `Category ${name}: this mirror is switched off, nothing changed`;
    case 'not_scanned':
    case 'unknown_manifest':
      return `Category ${name}: the master was not listed yet, nothing changed`;
    case 'unknown_category':
    case 'not_carried':
      return `Category ${name}: is not one of this mirror, ignored`;
  }
};

const checkInReport = async (deps: CheckInDeps, report: Report): Promise<HttpReply> => {
  const known = await reportingHost(deps, report);
  if (known === undefined) return refused('site or host is not known, or the password is no token of the host');
  const outcomes: { readonly name: string; readonly outcome: CheckInOutcome }[] = [];
  for (const { name, directories: paths } of report.sections) {
    const category = categoryOf(known.inventory, name);
    const outcome: CheckInOutcome =
      category === undefined
        ? { result: 'unknown_category' }
        : await checkIn(deps, known, category, { kind: 'directories', paths });
    outcomes.push({ name: category ?? name.slice(0, 100), outcome });
  }
  deps.log.info('a host checked in', {
    host: known.host.id,
    client: 'report_mirror',
    results: outcomes.map(({ name, outcome }) => `${name} ${outcome.result}`),
  });
  const lines = outcomes.map(({ name, outcome }) => lineOf(name, outcome));
  if (report.userActive === false) lines.push('user_active is not followed: switch the host off in its settings');
  const busy = outcomes.some(({ outcome }) => outcome.result === 'busy');
  return xml(printXmlRpcReply([...lines, busy ? FAILURE : SUCCESS].join('\n')));
};

/** `POST /xmlrpc`, method `checkin`: what MirrorManager2's report_mirror and its like send, unchanged. */
export const answerReport = async (deps: CheckInDeps, call: HttpCall): Promise<HttpReply> => {
  if (call.method !== 'POST') return wrongMethod('POST');
  const request = parseXmlRpcCall(call.body);
  if (request === undefined) return xml(printXmlRpcFault(-32_600, 'this is no call with one text'));
  if (request.method !== 'checkin') return xml(printXmlRpcFault(-32_601, 'the only method is checkin'));
  const parsed = parseReport(request.text);
  return parsed.kind === 'problem' ? refused(parsed.problem) : checkInReport(deps, parsed.report);
};
