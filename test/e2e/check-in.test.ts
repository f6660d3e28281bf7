import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DIRECTORIES,
  HEAD_PATH,
  PRIVATE_HOST,
  PUBLIC_HOST,
  type RunningNetwork,
  startRunningNetwork,
} from '../../bench/check-in/running-network.ts';
import { until } from '../support/until.ts';

/** The promise is a minute; plans and publications by schedule come no more often than that here. */
const WITHIN_MS = 60_000;
const PATIENCE = 240_000;

/** The very calls of report_mirror: its XML-RPC library, its packing; `argv` are URL, site, host, password and the directories as JSON. */
const REPORT_MIRROR = `
import base64, bz2, json, sys, xmlrpc.client
url, site, host, password, tree = sys.argv[1:]
report = {"version": 0, "global": {"enabled": "1", "server": url}, "site": {"enabled": "1", "name": site, "password": password},
          "host": {"enabled": "1", "name": host, "user_active": "1"}, "stats": {},
          "linux": {"enabled": "1", "dirtree": {path: {} for path in json.loads(tree)}},
          "other": {"enabled": "0", "dirtree": {}}}
packed = base64.urlsafe_b64encode(bz2.compress(json.dumps(report).encode())).decode()
print(xmlrpc.client.ServerProxy(url).checkin(packed))
`;

const run = async (program: string, args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(program, args, { timeout: PATIENCE })).stdout;

let network: RunningNetwork;

beforeAll(async () => {
  network = await startRunningNetwork();
}, PATIENCE);
afterAll(() => network?.stop(), PATIENCE);

const reportMirror = (host: string, password: string, directories: readonly string[]): Promise<string> =>
  run('python3', ['-c', REPORT_MIRROR, `${network.url}/xmlrpc`, host, host, password, JSON.stringify(directories)]);

const curl = (token: string, body: object): Promise<string> =>
  run('curl', [
    '-sS',
    '-w',
    '\n%{http_code}',
    '-H',
    `Authorization: Bearer ${token}`,
    '-d',
    JSON.stringify(body),
    `${network.url}/api/v1/checkins`,
  ]);

describe('on a running network', () => {
  test(
    'a private mirror that no crawl reaches is listed to its clients after a check-in by report_mirror',
    async () => {
      expect((await network.answer()).listsPrivate).toBe(false);
      const token = await network.token(PRIVATE_HOST);
      expect(await reportMirror(PRIVATE_HOST, token, DIRECTORIES)).toBe(
        `Category linux directories updated: 0  added: ${DIRECTORIES.length}  deleted 0\nchecked in successful\n`,
      );
      await network.until(({ listsPrivate }) => listsPrivate, WITHIN_MS);
    },
    PATIENCE,
  );

  test(
    'a public mirror is looked at after a check-in by curl, and its new state is what clients are told',
    async () => {
      const token = await network.token(PUBLIC_HOST);
      await network.masterMovesOn();
      await network.publicMirrorSyncs();
      const head = await network.masterHead();
      expect((await network.answer()).head).not.toBe(head);
      expect(await curl(token, { categories: [{ id: 'linux' }] })).toMatch(/"id":"linux","result":"probing".*\n\n202$/s);
      await network.until((answer) => answer.head === head, WITHIN_MS);
    },
    PATIENCE,
  );

  test(
    'a private mirror says by curl which head it has, and is left out when that is an old one',
    async () => {
      const token = await network.token(PRIVATE_HOST);
      const heads = { [HEAD_PATH]: '0'.repeat(64) };
      const say = async (): Promise<string> => curl(token, { categories: [{ id: 'linux', heads }] });
      // The one by report_mirror may be less than half a minute ago.
      await until('a check-in that is not too soon', say, (said) => said.includes('"result":"recorded"'));
      await network.until(({ listsPrivate }) => !listsPrivate, WITHIN_MS);
    },
    PATIENCE,
  );

  test(
    'whoever has no token, or that of another host, is told so in words that report_mirror shows',
    async () => {
      const token = await network.token(PRIVATE_HOST);
      for (const [host, password] of [
        [PRIVATE_HOST, 'guess'],
        [PUBLIC_HOST, token],
      ] as const) {
        expect(await reportMirror(host, password, DIRECTORIES)).toMatch(/\nerror checking in\n$/);
      }
      expect(await curl('guess', { categories: [{ id: 'linux' }] })).toMatch(/\n401$/);
    },
    PATIENCE,
  );

  test('the recorded request of the client is answered in its own words', async () => {
    const recorded = readFileSync(join(import.meta.dirname, '../fixtures/report-mirror.http'), 'utf8');
    const [, body = ''] = recorded.split('\r\n\r\n');
    const response = await fetch(`${network.url}/xmlrpc`, { method: 'POST', headers: { 'content-type': 'text/xml' }, body });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('\nerror checking in</string>')]);
  });
});
