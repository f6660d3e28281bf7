import type * as v from 'valibot';
import type { Site } from '#domain/inventory/inventory.ts';
import { said } from './said.ts';
import { siteSchema } from './site-schema.ts';

export type SiteDocument = v.InferInput<typeof siteSchema>;

/** In the network file's own shape. */
export const printSite = (site: Site): SiteDocument =>
  said(siteSchema, { ...site, name: site.name === site.id ? undefined : site.name });
