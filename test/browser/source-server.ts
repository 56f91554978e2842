/** Serves the repository's sources to a browser as they are, each test with small substitutes for what it takes from Node. */
import { readdir, readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { createServer, type Plugin } from 'vite';
import { repositoryRoot } from '../shared.ts';

export interface SourceServer {
  /** Of the page that runs a test file. */
  pageOf(file: string): string;
  close(): Promise<void>;
}

const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/test/browser/page/suite.ts"></script>';

/** What a page needs to have memory that threads share. */
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export async function serveSources(): Promise<SourceServer> {
  const server = await createServer({
    root: repositoryRoot(),
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    plugins: [await nodeSubstitutes(), plainUrls(), suitePage(), folderNames()],
    // what tests import are modules as they are
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { host: '127.0.0.1', port: 0, hmr: false, ws: false, watch: null, headers: ISOLATION },
  });
  await server.listen();
  const url = server.resolvedUrls!.local[0];
  return { pageOf: (file) => `${url}suite.html?file=${encodeURIComponent(file)}`, close: () => server.close() };
}

function suitePage(): Plugin {
  return {
    name: 'suite-page',
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        if (!request.url?.startsWith('/suite.html')) return next();
        response.setHeader('Content-Type', 'text/html');
        for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
        response.end(PAGE);
      });
    },
  };
}

/** For `readdirSync`: the names in a folder of the repository, as JSON. */
function folderNames(): Plugin {
  return {
    name: 'folder-names',
    configureServer({ middlewares }) {
      middlewares.use('/folder-names', async (request, response) => {
        const path = normalize(new URL(request.url!, 'http://here').searchParams.get('path')!);
        const names = await readdir(join(repositoryRoot(), path)).catch(() => null);
        response.writeHead(names ? 200 : 404, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(names));
      });
    },
  };
}

/** What a test finds beside itself is a path, and no asset that a bundler would look for. */
function plainUrls(): Plugin {
  return {
    name: 'plain-urls',
    enforce: 'pre',
    transform: (code, id) =>
      id.includes('/test/')
        ? code.replaceAll(/(new URL\([^()]*), import\.meta\.url\)/g, '$1, String(import.meta.url))')
        : null,
  };
}

/**
 * `uvu` becomes that of `page/`. A module of Node becomes the one of `page/` that has its name, and functions that throw and say so for
 * everything else that it exports.
 */
async function nodeSubstitutes(): Promise<Plugin> {
  const folder = `${repositoryRoot()}test/browser/page`;
  const substitutes = (await readdir(folder)).filter((name) => name.startsWith('node-'));
  return {
    name: 'node-substitutes',
    enforce: 'pre',
    resolveId(source) {
      if (source === 'uvu') return `${folder}/uvu.ts`;
      if (source === 'node:process') return `${folder}/process.ts`;
      return source.startsWith('node:') ? `\0${source}` : null;
    },
    async load(id) {
      if (!id.startsWith('\0node:')) return null;
      const name = id.slice(1);
      const file = `${name.replace(/[:/]/g, '-')}.ts`;
      const own = substitutes.includes(file) ? namesIn(await readFile(`${folder}/${file}`, 'utf8')) : [];
      const all = Object.keys(await import(name)).filter((one) => one !== 'default' && !own.includes(one));
      return [
        `import { absent } from '/test/browser/page/absent.ts';`,
        own.length > 0 ? `export * from '/test/browser/page/${file}';` : '',
        ...all.map((one) => `const own_${one} = absent('${name} ${one}');`),
        `export { ${all.map((one) => `own_${one} as ${one}`).join(', ')} };`,
        `export default { ${all.map((one) => `${one}: own_${one}`).join(', ')} };`,
      ].join('\n');
    },
  };
}

function namesIn(source: string): string[] {
  return [...source.matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)].map(([, name]) => name);
}
