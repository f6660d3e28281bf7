import * as v from 'valibot';
import type { VolumeWork } from '#ports/volume-work.ts';
import { epochMs, hex64, nonEmpty } from '../fields.ts';
import { parseJson } from '../parse-json.ts';

const version = v.literal(1);
const work = v.variant('kind', [
  v.object({ v: version, kind: v.literal('check'), volume: nonEmpty, root: hex64, stagedMs: epochMs }),
  v.object({ v: version, kind: v.literal('update'), volume: nonEmpty, by: v.string() }),
  v.object({ v: version, kind: v.literal('sweep'), run: nonEmpty, by: v.string(), mode: v.picklist(['planned', 'done']) }),
]);

export const printVolumeWork = (value: VolumeWork): string => JSON.stringify({ v: 1, ...value });

/** Throws WireError on anything that is no work of this kind. */
export const parseVolumeWork = <Kind extends VolumeWork['kind']>(
  body: string,
  kind: Kind,
): Extract<VolumeWork, { readonly kind: Kind }> => {
  const wanted = v.pipe(
    work,
    v.check((value) => value.kind === kind, `is not work of the kind ${kind}`),
  );
  const { v: _, ...value } = parseJson(wanted, body, 'work on a volume');
  return value as Extract<VolumeWork, { readonly kind: Kind }>;
};
