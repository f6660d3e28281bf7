import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { renderFailure, renderMetalink } from '#domain/metalink/render-metalink.ts';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import { select } from '#domain/selection/select.ts';
import { aHead, aPointer, sketchNetwork, viewOf } from '../../support/snapshot-document.ts';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (name) => name === 'url' || name === 'hash',
});

const view = viewOf(sketchNetwork({ hosts: ['a DE', 'b FR private net=10.0.0.0/8'] }));
const client = { ...UNKNOWN_CLIENT, netblock: '10.0.0.0/8', country: 'DE' };
const request = {
  standings: view.standings(0),
  topic: 't',
  alternatesFollow: true,
  countries: [],
  protocols: ['https', 'http'],
  netblock: true,
};
const { accepted } = select(view, request, client);

describe('a metalink', () => {
  it('is written as MirrorManager writes it, with the time of publishing', () => {
    const file = {
      name: 'repomd.xml',
      heads: [aHead('new'), aHead('old', { sizeBytes: 0, timestampSeconds: 0 })],
      suffix: '/41/repodata/repomd.xml',
    };
    expect(renderMetalink(view, file, accepted, aPointer.publishedMs)).toBe(
      `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" pubdate="Sat, 21 Nov 2026 01:55:42 GMT" generator="mirrortide" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files>
  <file name="repomd.xml">
   <mm0:timestamp>1795000000</mm0:timestamp>
   <size>4096</size>
   <verification>
    <hash type="md5">newmd5</hash>
    <hash type="sha1">newsha1</hash>
    <hash type="sha256">newsha256</hash>
    <hash type="sha512">newsha512</hash>
   </verification>
   <mm0:alternates>
    <mm0:alternate>
      <verification>
       <hash type="md5">oldmd5</hash>
       <hash type="sha1">oldsha1</hash>
       <hash type="sha256">oldsha256</hash>
       <hash type="sha512">oldsha512</hash>
      </verification>
    </mm0:alternate>
   </mm0:alternates>
   <resources maxconnections="1">
    <url protocol="https" type="https" location="FR" preference="100" mm0:private="True">https://b.example/linux/41/repodata/repomd.xml</url>
    <url protocol="http" type="http" location="FR" preference="100" mm0:private="True">http://b.example/linux/41/repodata/repomd.xml</url>
    <url protocol="https" type="https" location="DE" preference="99">https://a.example/linux/41/repodata/repomd.xml</url>
    <url protocol="http" type="http" location="DE" preference="99">http://a.example/linux/41/repodata/repomd.xml</url>
   </resources>
  </file>
 </files>
</metalink>
`,
    );
  });

  it('is well-formed and says the same for any text in it', () => {
    const anyText = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(anyText, anyText, anyText, (name, hash, suffix) => {
        const heads = [aHead('', { hashes: { md5: hash, sha1: '', sha256: hash, sha512: '' } })];
        const xml = renderMetalink(view, { name, heads, suffix }, accepted, aPointer.publishedMs);
        expect(XMLValidator.validate(xml)).toBe(true);
      }),
    );
  });

  it('escapes what a reader would take for markup', () => {
    const xml = renderMetalink(view, { name: `a&b"<'>`, heads: [], suffix: '/x?y=1&z=<2>' }, accepted, 0);
    const parsed = parser.parse(xml);
    expect(parsed.metalink.files.file.name).toBe(`a&b"<'>`);
    expect(parsed.metalink.files.file.resources.url[0]['#text']).toBe('https://b.example/linux/x?y=1&z=<2>');
  });

  it('counts preferences down to one and stays there', () => {
    const many = viewOf(sketchNetwork({ hosts: Array.from({ length: 130 }, (_, n) => `h${n} DE http`), maximumHosts: 130 }));
    const all = select(many, { ...request, standings: many.standings(0) }, UNKNOWN_CLIENT).accepted;
    const xml = renderMetalink(many, { name: 'f', heads: [], suffix: '/f' }, all, 0);
    const preferences = [...xml.matchAll(/preference="(\d+)"/g)].map((match) => Number(match[1]));
    expect(preferences).toEqual(Array.from({ length: 130 }, (_, n) => Math.max(1, 100 - n)));
  });
});

describe('a failure document', () => {
  it('is a well-formed metalink without files, whatever the message', () => {
    const anyMessage = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[-<>!]{0,12}$/));
    fc.assert(
      fc.property(fc.array(anyMessage), (lines) => {
        const xml = renderFailure(lines, aPointer.publishedMs);
        expect(XMLValidator.validate(xml)).toBe(true);
        expect(xml.match(/-->/g)).toHaveLength(1);
        expect(xml.slice(xml.indexOf('<!--') + 4, xml.indexOf('-->'))).not.toContain('--');
      }),
      { numRuns: 1_000 },
    );
  });
});
