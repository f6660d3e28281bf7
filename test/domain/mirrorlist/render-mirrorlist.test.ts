import fc from 'fast-check';
import { expect, it } from 'vitest';
import { renderAptList, renderMirrorlist } from '#domain/mirrorlist/render-mirrorlist.ts';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import { select } from '#domain/selection/select.ts';
import { sketchNetwork, viewOf } from '../../support/snapshot-document.ts';

const view = viewOf(sketchNetwork({ hosts: ['a DE', 'b FR'] }));
const request = {
  standings: view.standings(0),
  topic: 't',
  alternatesFollow: false,
  countries: [],
  protocols: ['https'],
  netblock: true,
};
const { accepted } = select(view, request, UNKNOWN_CLIENT);

it('has comments on lines of their own, LF, no BOM and no empty line, whatever stands in its heading', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (title, apt) => {
      const heading = { title, protocols: undefined, publishedMs: 0 };
      const body = (apt ? renderAptList : renderMirrorlist)(view, heading, accepted, '/x/');
      const [first, second, ...urls] = body.split('\n');
      expect(first?.startsWith('# ')).toBe(true);
      expect(first).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(second).toBe('# database creation time: 0');
      const ending = apt ? ['\tpriority:1', '\tpriority:2'] : ['', ''];
      const hosts = accepted.map(({ host }) => view.host(host).id);
      expect(urls).toEqual([...hosts.map((id, index) => `https://${id}.example/linux/x/${ending[index]}`), '']);
    }),
  );
});
