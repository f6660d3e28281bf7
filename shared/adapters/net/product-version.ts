/** Stands in the User-Agent of every request; equal to package.json's, which no bundle carries. */
export const PRODUCT_VERSION = '0.1.0';
