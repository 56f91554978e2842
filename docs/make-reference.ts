/** `npm run docs`: writes the API reference into docs/api. */
import { fileURLToPath } from 'node:url';
import { readPages, writePages } from './reference/build.ts';

const pages = readPages(fileURLToPath(new URL('..', import.meta.url)));
writePages(pages, fileURLToPath(new URL('api', import.meta.url)));
for (const { entry, declarations } of pages) console.log(`${entry}: ${declarations.length} names`);
