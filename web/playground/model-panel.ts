/** Which model is at work, how far its loading is, and the ways to choose another one. */
import { find } from '../shared/dom.ts';
import type { LoadedModel, ModelSource, Progress } from './messages.ts';

const MEGABYTE = 2 ** 20;

/** Of the models that know nothing else. */
const SHAPES_HINT =
  'It is small and was trained on drawings of coloured shapes only: it is at home in the scenes here, and lost in a photo. ' +
  'For photos load a full KOSMOS-2.';

/** The model beside the page. */
export function shippedModel(): ModelSource {
  return { kind: 'url', url: new URL('./model', document.baseURI).href, name: 'The small model that ships' };
}

/** The one that the training page links to, among the site's own files; null where the address names none. */
export function trainedModel(): ModelSource | null {
  const folder = new URLSearchParams(location.search).get('model');
  return folder?.startsWith('opfs:/') ? { kind: 'url', url: folder, name: 'The model that was trained here' } : null;
}

export class ModelPanel {
  readonly #state = find('model-state');
  readonly #bar = find<HTMLProgressElement>('model-progress');
  readonly #hint = find('model-hint');
  #source: ModelSource | null = null;

  constructor(choose: (source: ModelSource) => void) {
    find('shipped').addEventListener('click', () => choose(shippedModel()));
    const folder = find<HTMLInputElement>('folder');
    folder.addEventListener('change', () => {
      const source = folderSource([...(folder.files ?? [])]);
      folder.value = '';
      if (source) choose(source);
    });
    find('hub').addEventListener('submit', (event) => {
      event.preventDefault();
      const id = find<HTMLInputElement>('hub-id').value.trim();
      // asks the browser not to drop what is about to be downloaded; it may say no
      void navigator.storage?.persist?.();
      choose({ kind: 'hub', id, name: id });
    });
  }

  begin(source: ModelSource): void {
    this.#source = source;
    this.#state.className = '';
    this.#state.textContent = `${source.name}: loading`;
    this.#hint.textContent = '';
    this.#show(null);
  }

  progress({ stage, done, all, file }: Progress): void {
    const bytes = `${(done / MEGABYTE).toFixed(1)} of ${(all / MEGABYTE).toFixed(1)} MB`;
    const words = {
      download: `downloading ${file ?? ''} (${bytes})`,
      weights: `reading weights (${bytes})`,
      kernels: `compiling kernels (${done} of ${all})`,
    }[stage];
    this.#bar.hidden = false;
    this.#bar.max = all;
    this.#bar.value = done;
    this.#hint.textContent = words;
    if (stage === 'kernels' && done === all) this.#settle();
  }

  loaded({ adapter, seconds, size }: LoadedModel): void {
    this.#state.textContent = `${this.#source?.name}: ready after ${seconds.toFixed(1)} s, on ${adapter}; ${size}`;
    this.#settle();
  }

  failed(message: string): void {
    this.#state.className = 'bad';
    this.#state.textContent = `${this.#source?.name}: ${message}`;
    this.#hint.textContent = '';
    this.#show(null);
  }

  #settle(): void {
    this.#show(null);
    this.#hint.textContent = this.#source?.kind === 'url' ? SHAPES_HINT : '';
  }

  #show(value: number | null): void {
    this.#bar.hidden = value === null;
  }
}

/** The files of a chosen folder, by their paths in it; null where nothing was chosen. */
function folderSource(files: readonly File[]): ModelSource | null {
  if (files.length === 0) return null;
  const [name] = files[0].webkitRelativePath.split('/');
  return {
    kind: 'files',
    name: name || 'The chosen folder',
    files: files.map((file) => [file.webkitRelativePath.split('/').slice(1).join('/') || file.name, file] as const),
  };
}
