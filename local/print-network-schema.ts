import { toJsonSchema } from '@valibot/to-json-schema';
import { masterForms } from '#wire/network-file/master-schema.ts';
import { networkFileSchema } from '#wire/network-file/network-file-schema.ts';

/**
 * The JSON Schema of the network file, for editors: what the loader accepts as far as JSON Schema can say it, with every
 * description. References between entries are checked by the loader only.
 * `node local/print-network-schema.ts > docs/network.schema.json` renews the published copy.
 */
export const networkJsonSchema = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...toJsonSchema(networkFileSchema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    // Checks in code have no counterpart there.
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }) =>
      valibotSchema.type === 'lazy'
        ? toJsonSchema(masterForms, { target: 'draft-2020-12', typeMode: 'input', errorMode: 'ignore' })
        : undefined,
  }),
});

if (import.meta.main) process.stdout.write(`${JSON.stringify(networkJsonSchema(), undefined, 2)}\n`);
