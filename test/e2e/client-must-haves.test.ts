import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aptClient } from '../support/apt-client.ts';
import { type ClientNetwork, CURRENT, RPM_DIRECTORY, startClientNetwork } from '../support/client-network.ts';
import { dnfClient } from '../support/dnf-client.ts';
import { type Downloader, download } from '../support/download-clients.ts';
import { rawRequest } from '../support/raw-request.ts';
import { until } from '../support/until.ts';
import { zypperClient } from '../support/zypper-client.ts';

/**
 * What real clients cannot do without: each of these broke one of them when a list server did otherwise (dnf 4.14, apt 2.6, zypper
 * 1.14, wget2 1.99.1, aria2 1.36 of Debian 12). The network has mirrors of every bad kind, and one that is a state behind.
 */
const METALINK = '/metalink?repo=fedora-41&arch=x86_64';
const MIRRORLIST = '/mirrorlist?repo=fedora-41&arch=x86_64';
const APT_LIST = '/mirrorlist?repo=debian-stable&arch=amd64';
const REPOMD = `fedora/${RPM_DIRECTORY}/repodata/repomd.xml`;
const PLACES = [undefined, '203.0.113.9,country=US', '198.51.100.77,country=DE', '192.0.2.14,country=JP', '2001:db8::5'];

let network: ClientNetwork;
const body = async (path: string, client?: string): Promise<string> => (await network.tide.get(path, client)).body;
const at = (path: string): string => `${network.tide.url}${path}`;

interface Resource {
  readonly url: string;
  readonly preference: number;
}
const resources = (metalink: string): Resource[] =>
  [...metalink.matchAll(/<url [^>]*preference="(\d+)"[^>]*>([^<]+)<\/url>/g)].map(([, preference, url = '']) => ({
    url,
    preference: Number(preference),
  }));

beforeAll(async () => {
  network = await startClientNetwork();
  await network.moveOn('2.0');
  const followed = (text: string): boolean => CURRENT.every((mirror) => network.listed(text).includes(mirror));
  await until(
    'the current mirrors before the one that is behind',
    () => body(METALINK),
    (text) => followed(text) && network.listed(text).at(-1) === 'behind',
  );
  await until(
    'an apt list of the current mirrors',
    () => body(APT_LIST),
    (text) => followed(text) && !network.listed(text).includes('behind'),
  );
}, 180_000);

afterAll(async () => {
  await network?.stop();
}, 60_000);

describe('metalinks', () => {
  it('prefer the mirrors in the order in which they name them, those that are behind last', async () => {
    for (const place of PLACES) {
      const text = await body(METALINK, place);
      const found = resources(text);
      expect(found.map(({ preference }) => preference)).toEqual(
        found.map(({ preference }) => preference).toSorted((a, b) => b - a),
      );
      const byMirror = network
        .listed(text)
        .map((mirror) => found.find(({ url }) => network.listed(url)[0] === mirror)?.preference);
      expect(byMirror).toEqual([100, 99, 98, 97]);
      expect(network.listed(text).slice(0, 3).toSorted()).toEqual(CURRENT.toSorted());
      expect(network.listed(text)[3]).toBe('behind');
    }
  });

  it('send dnf, which goes by order, and aria2, which goes by preference, to the same first mirror', async () => {
    const first = network.listed(await body(METALINK))[0];
    const dnf = await dnfClient(`metalink=${at(METALINK)}`);
    const requests = await network.requestsDuring(async () => {
      expect((await dnf.run('install', 'tide-hello')).exitCode).toBe(0);
      expect((await download('aria2', at(METALINK))).exitCode).toBe(0);
    });
    expect(await dnf.installed()).toEqual(['tide-hello-2.0']);
    await dnf.remove();
    const heads = requests.filter(({ path }) => path.endsWith('/repomd.xml'));
    expect([...new Set(heads.map(({ userAgent }) => userAgent.split(/[ /]/)[0]))].toSorted()).toEqual(['aria2', 'libdnf']);
    expect([...new Set(heads.map(({ mirror }) => mirror))]).toEqual([first]);
  });

  it('name no mirror that fails, redirects, lacks the file or has other bytes, so wget2 asks once and is done', async () => {
    for (const place of PLACES) {
      expect(network.listed(await body(METALINK, place)).toSorted()).toEqual(['behind', 'far', 'near', 'tilde']);
    }
    const { excluded } = JSON.parse(await body('/explain?repo=fedora-41&arch=x86_64')) as { excluded: { host: string }[] };
    expect(excluded.map(({ host }) => host).toSorted()).toEqual(['failing', 'lying', 'missing', 'redirecting']);
    const first = network.listed(await body(METALINK))[0];
    const requests = await network.requestsDuring(async () => {
      const fetched = await download('wget2', at(METALINK));
      expect({ exitCode: fetched.exitCode, files: fetched.files }).toEqual({
        exitCode: 0,
        files: new Map([['repomd.xml', await network.masterFile(REPOMD)]]),
      });
    });
    // It knows the size, so it asks for a range of all bytes.
    expect(requests.map(({ mirror, status }) => ({ mirror, status }))).toEqual([{ mirror: first, status: 206 }]);
  });

  it("have the file's own size and hashes, which wget2 and aria2 verify", async () => {
    const file = await network.masterFile(REPOMD);
    const [newest = ''] = (await body(METALINK)).split('<mm0:alternates>');
    expect(/<size>(\d+)<\/size>/.exec(newest)?.[1]).toBe(String(file.length));
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
      expect(newest).toContain(`<hash type="${algorithm}">${createHash(algorithm).update(file).digest('hex')}</hash>`);
    }
    for (const [client, args, proof] of [
      ['aria2', ['--quiet=false', '--check-integrity=true'], 'Verification finished successfully'],
      ['wget2', [], "Checksum OK for 'repomd.xml'"],
    ] as const) {
      const fetched = await download(client, at(METALINK), args);
      expect(fetched.exitCode).toBe(0);
      expect(fetched.stdout + fetched.stderr).toContain(proof);
      expect(fetched.files.get('repomd.xml')).toEqual(file);
    }
  });

  it('are metalinks 3.0 of a file called repomd.xml, by either way of asking', async () => {
    for (const path of [METALINK, `/metalink?path=${REPOMD}`]) {
      const text = await body(path);
      expect([...text.matchAll(/<metalink version="([^"]+)"/g)].map(([, version]) => version)).toEqual(['3.0']);
      expect([...text.matchAll(/<file name="([^"]+)"/g)].map(([, name]) => name)).toEqual(['repomd.xml']);
    }
  });
});

describe('content types', () => {
  it('say application/metalink+xml for metalinks, which downloaders act on, and text/plain for lists', async () => {
    for (const path of [METALINK, `/metalink?path=${REPOMD}`, '/metalink?repo=none&arch=x86_64']) {
      expect((await network.tide.get(path)).headers.get('content-type')).toBe('application/metalink+xml');
    }
    for (const path of [MIRRORLIST, APT_LIST, `/mirrorlist?path=${REPOMD}`, '/mirrorlist?repo=none&arch=x86_64']) {
      expect((await network.tide.get(path)).headers.get('content-type')).toBe('text/plain; charset=utf-8');
    }
  });
});

describe('apt lists', () => {
  it('are answered over plain http with 200 and never with a redirect', async () => {
    const expected = await body(APT_LIST);
    for (const path of [
      '/mirrorlist/?repo=debian-stable&arch=amd64',
      '//mirrorlist?repo=debian-stable&arch=amd64',
      '/mirrorlist?arch=amd64&repo=debian-stable&redirect=1',
      '/mirrorlist?redirect&&=&x=%&repo=debian-stable&arch=amd64&repo=other',
      '/mirrorlist?protocol=&country=&repo=debian%2Dstable&arch=amd64',
      '/mirrorlist/debian-stable/amd64',
      '/mirrorlist/debian-stable/amd64/?redirect=true',
    ]) {
      const { status, headers, body: text } = await network.tide.get(path);
      expect({ path, status, location: headers.get('location'), text }).toEqual({
        path,
        status: 200,
        location: null,
        text: expected,
      });
    }
    const apt = await aptClient(`mirror+${at('/mirrorlist/?repo=debian-stable&arch=amd64&redirect=1')} stable main`);
    expect((await apt.run('update')).exitCode).toBe(0);
    await apt.remove();
  });

  it('are 404 when no line fits, so that apt fails at once instead of spinning', async () => {
    for (const [path, suite] of [
      ['/mirrorlist?repo=debian-stable&arch=riscv64', 'stable'],
      ['/mirrorlist?repo=debian-none&arch=amd64', 'none'],
      ['/mirrorlist?repo=lonely-stable&arch=amd64', 'stable'],
    ]) {
      const apt = await aptClient(`mirror+${at(path ?? '')} ${suite} main`);
      const edge = await network.edgeRequestsDuring(async () => {
        expect((await apt.run('update')).exitCode).toBe(100);
      });
      await apt.remove();
      expect(edge.map(({ path: asked, status }) => ({ asked, status }))).toEqual([{ asked: path, status: 404 }]);
    }
  });

  it('have TAB separated priorities and web URLs only, and apt installs from the first of them', async () => {
    const text = await body(APT_LIST);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.map((line) => /^https?:\/\/[!-~]+\/debian\/\tpriority:(\d+)$/.exec(line)?.[1])).toEqual(['1', '2', '3']);
    // apt quotes the list's URL into a file name; a `~` in it makes apt hang, more than about 240 bytes make it fail.
    expect(APT_LIST).not.toContain('~');
    expect(encodeURIComponent(at(APT_LIST)).length).toBeLessThan(200);
    for (const source of [APT_LIST, '/mirrorlist/debian-stable/amd64']) {
      const apt = await aptClient(`mirror+${at(source)} stable main`);
      const requests = await network.requestsDuring(async () => {
        expect((await apt.run('update')).exitCode).toBe(0);
        expect((await apt.run('install', 'tide-hello')).exitCode).toBe(0);
      });
      expect(await apt.installed()).toEqual(['tide-hello 2.0']);
      await apt.remove();
      // The first mirror's URL has a `~`, which in a line of the list does no harm.
      const served = requests.filter(({ status }) => status === 200);
      expect([...new Set(served.map(({ mirror }) => mirror))]).toEqual(['tilde']);
    }
  });
});

describe('mirrorlists', () => {
  it('are LF, no BOM, one URL per line and comments on their own, and dnf and zypper install from them', async () => {
    const answer = await rawRequest(network.tide.url, MIRRORLIST, ['Host: mirrors.example']);
    const text = answer.body.toString('latin1');
    expect(text).toMatch(/^(?:#[ -~]*\n)(?:https?:\/\/[!-~]+\/\n)+$/);
    expect(network.listed(text).toSorted()).toEqual(CURRENT.toSorted());
    for (const make of [dnfClient, zypperClient]) {
      const client = await make(`mirrorlist=${at(MIRRORLIST)}`);
      const result = await client.run('install', 'tide-hello');
      expect(result.exitCode, result.stderr).toBe(0);
      expect(await client.installed()).toEqual(['tide-hello-2.0']);
      await client.remove();
    }
  });
});

describe('answers', () => {
  it('are compressed only for those who ask', async () => {
    const plain = await body(METALINK);
    for (const headers of [[], ['Accept-Encoding: identity'], ['Accept-Encoding: gzip;q=0, br;q=0'], ['Accept-Encoding: ']]) {
      const answer = await rawRequest(network.tide.url, METALINK, ['Host: mirrors.example', ...headers]);
      expect(answer.head.toLowerCase()).not.toContain('content-encoding');
      expect(answer.body.toString()).toBe(plain);
    }
    const zipped = await rawRequest(network.tide.url, METALINK, ['Host: mirrors.example', 'Accept-Encoding: gzip']);
    expect(zipped.head.toLowerCase()).toContain('content-encoding: gzip');
    expect(gunzipSync(zipped.body).toString()).toBe(plain);
    for (const args of [[], ['--compressed']]) {
      const fetched = await download('curl', at(METALINK), [...args, '--dump-header', 'head']);
      expect(fetched.files.get('metalink')?.toString()).toBe(plain);
      expect(/^content-encoding:/im.test(fetched.files.get('head')?.toString() ?? '')).toBe(args.length > 0);
    }
  });

  it('are the same for parameters in any order and with unknown ones, from one place in the cache', async () => {
    const expected = await body(METALINK);
    const ways = [
      '/metalink?arch=x86_64&repo=fedora-41',
      `${METALINK}&countme=1`,
      '/metalink?countme=4&arch=x86_64&infra=stock&repo=fedora%2d41',
      '/metalink/fedora-41/x86_64',
    ];
    for (const way of ways) expect(await body(way)).toBe(expected);
    let asked = 0;
    for (const way of ways) {
      await until(
        `an answer to ${way} from the cache`,
        async () => {
          await body(METALINK);
          asked += 1;
          // Never asked in this way before, so only a key without the unknown parameter can be in the cache.
          const fresh = `${way}${way.includes('?') ? '&' : '?'}unknown=${asked}`;
          return network.edgeRequestsDuring(async () => void (await body(fresh)));
        },
        (edge) => edge[0]?.fromCache === true,
      );
    }
  });

  it('come to zypper, which sorts the parameters, and to a dnf that counts', async () => {
    const zypper = await zypperClient(`mirrorlist=${at(METALINK)}`);
    const asked = await network.edgeRequestsDuring(async () => {
      const installed = await zypper.run('install', 'tide-hello');
      expect(installed.exitCode, installed.stderr).toBe(0);
    });
    expect(await zypper.installed()).toEqual(['tide-hello-2.0']);
    await zypper.remove();
    expect([...new Set(asked.map(({ path, status }) => `${status} ${path}`))]).toEqual([
      '200 /metalink?arch=x86_64&repo=fedora-41',
    ]);
    const dnf = await dnfClient(`metalink=${at(METALINK)}\ncountme=1`);
    // dnf counts in one of its first few requests of a week, chosen by chance.
    const counted = await until(
      'a request that counts',
      () => network.edgeRequestsDuring(async () => expect((await dnf.run('--refresh', 'makecache')).exitCode).toBe(0)),
      (edge) => edge.some(({ path }) => path.includes('&countme=')),
      120_000,
    );
    await dnf.remove();
    expect(counted.map(({ path, status }) => ({ path, status }))).toEqual([{ path: `${METALINK}&countme=1`, status: 200 }]);
  });

  it('do not repeat what the Host header says', async () => {
    const redirect = `/mirrorlist?path=${REPOMD}&redirect=1`;
    const location = (head: string): string | undefined => /^location: (.*)$/im.exec(head)?.[1];
    const usual = ['Host: 127.0.0.1:18761'];
    for (const path of [METALINK, MIRRORLIST, APT_LIST, redirect]) {
      const expected = await rawRequest(network.tide.url, path, usual);
      for (const headers of [
        ['Host: 127.0.0.1'],
        ['Host: evil.example:81'],
        ['Host: <script>'],
        ['Host: evil.example', 'X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example'],
      ]) {
        const answer = await rawRequest(network.tide.url, path, headers);
        expect(answer.body).toEqual(expected.body);
        expect(location(answer.head)).toBe(location(expected.head));
        expect(answer.head).not.toMatch(/evil|script/);
      }
    }
  });

  it('let every downloader follow redirect=1 to the file on a mirror', async () => {
    const file = await network.masterFile(REPOMD);
    for (const client of ['aria2', 'wget2', 'wget', 'curl'] satisfies Downloader[]) {
      const fetched = await download(client, at(`/mirrorlist?path=${REPOMD}&redirect=1`));
      expect({ client, exitCode: fetched.exitCode, files: [...fetched.files.values()] }).toEqual({
        client,
        exitCode: 0,
        files: [file],
      });
    }
  });

  it('end with one clean failure when dnf asks for what is not there, and its repetitions end at the cache', async () => {
    for (const source of [
      'metalink=/metalink?repo=none&arch=x86_64',
      'mirrorlist=/mirrorlist?repo=none&arch=x86_64',
      'metalink=/metalink?repo=lonely-1&arch=x86_64',
    ]) {
      const dnf = await dnfClient(source.replace('=', `=${network.tide.url}`));
      const edge = await network.edgeRequestsDuring(async () => {
        const result = await dnf.run('makecache');
        expect(result.exitCode).toBe(1);
        expect(result.stderr).toContain('Status code: 404');
      });
      await dnf.remove();
      expect(new Set(edge.map(({ status }) => status))).toEqual(new Set([404]));
      // dnf 4.14 repeats an error twelve times without a pause.
      expect(edge.length).toBeLessThanOrEqual(12);
      expect(edge.filter(({ fromCache }) => !fromCache).length).toBeLessThan(edge.length);
    }
  });
});

// Last, since it leaves the mirrors behind their master.
describe('metalinks between a push to the master and the first mirror that follows', () => {
  it('describe the file that mirrors hold, so dnf keeps its cache and wget2 still asks only once', async () => {
    const held = await network.masterFile(REPOMD);
    const dnf = await dnfClient(`metalink=${at(METALINK)}`);
    expect((await dnf.run('makecache')).exitCode).toBe(0);
    await network.masterMovesOn('3.0');
    const pushed = createHash('sha256')
      .update(await network.masterFile(REPOMD))
      .digest('hex');
    await until(
      'the new head among those that are accepted',
      () => body(METALINK),
      (text) => text.includes(pushed),
    );
    const requests = await network.requestsDuring(async () => {
      expect((await dnf.run('--refresh', 'makecache')).exitCode).toBe(0);
      expect((await download('wget2', at(METALINK))).files).toEqual(new Map([['repomd.xml', held]]));
      expect((await download('aria2', at(METALINK))).files.get('repomd.xml')).toEqual(held);
    });
    expect(requests.map(({ userAgent }) => userAgent.split(/[ /]/)[0])).toEqual(['wget2', 'aria2']);
    expect((await dnf.run('install', 'tide-hello')).exitCode).toBe(0);
    expect(await dnf.installed()).toEqual(['tide-hello-2.0']);
    await dnf.remove();
  });
});
