/** Builds the pages into static files (`dist/web`), and serves them while one works on them. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The model that ships lies outside of this folder: its files appear below `model/` beside the pages. */
function shippedModel(): Plugin {
  const folder = here('../demo/model');
  const files = async () => (await readdir(folder)).filter((name) => /\.(json|safetensors)$/.test(name));
  return {
    name: 'shipped-model',
    configureServer({ middlewares }) {
      middlewares.use('/model', async (request, response, next) => {
        const name = (request.url ?? '').replace(/^\/|\?.*$/g, '');
        if (!(await files()).includes(name)) return next();
        const content = await readFile(`${folder}/${name}`);
        response.setHeader('Content-Length', content.length);
        response.end(content);
      });
    },
    async generateBundle() {
      for (const name of await files()) {
        this.emitFile({ type: 'asset', fileName: `model/${name}`, source: await readFile(`${folder}/${name}`) });
      }
    },
  };
}

/** A page is never on Node or Deno: their parts of the runtime stay out. */
function browserRuntimeOnly(): Plugin {
  const absent = '\0absent-runtime';
  return {
    name: 'browser-runtime-only',
    enforce: 'pre',
    resolveId: (source, importer) =>
      /engine\/runtime\/index\.ts$/.test(importer ?? '') && /^\.\/(node|deno)\.ts$/.test(source) ? absent : null,
    load: (id) => (id === absent ? 'export {};' : null),
  };
}

export default defineConfig({
  root: here('.'),
  // works from any folder of a server
  base: './',
  // a file that is not there is an error, not the start page
  appType: 'mpa',
  plugins: [shippedModel(), browserRuntimeOnly()],
  worker: { format: 'es', plugins: () => [browserRuntimeOnly()] },
  server: { fs: { allow: [here('..')] } },
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    target: 'es2023',
    rolldownOptions: { input: [here('index.html'), here('training.html')] },
  },
});
