/**
 * The thread of the model. Decoding a large photo, cutting text into tokens and writing kernels each take up to seconds of JavaScript, which
 * the page must not feel; and a thread can be ended with all that it holds, which is how the page gets rid of a model or a lost device.
 */
import { CaptionReader, resizeAndCrop } from '../../data/index.ts';
import { blobFolder } from '../../engine/index.ts';
import { type AskOptions, Kosmos, type RgbImage } from '../../index.ts';
import { messageOf } from '../shared/dom.ts';
import { decodePicture } from './decode-picture.ts';
import type { FromModel, ModelSource, PictureContent, Question, ToModel } from './messages.ts';

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToModel>) => void) | null;
  postMessage(message: FromModel): void;
}

class ModelHost {
  readonly #tell: (message: FromModel) => void;
  #kosmos: Promise<Kosmos> | null = null;
  #picture: Promise<RgbImage> | null = null;
  #stop = new AbortController();

  constructor(tell: (message: FromModel) => void) {
    this.#tell = tell;
  }

  async take(message: ToModel): Promise<void> {
    if (message.kind === 'stop') return this.#stop.abort();
    try {
      if (message.kind === 'load') await this.#load(message.source);
      else if (message.kind === 'picture') await this.#see(message.id, message.content);
      else await this.#ask(message.id, message.question);
    } catch (error) {
      const id = message.kind === 'load' ? undefined : message.id;
      this.#tell({ kind: 'failed', id, message: messageOf(error) });
    }
  }

  async #load(source: ModelSource): Promise<void> {
    const began = performance.now();
    const folder = source.kind === 'files' ? blobFolder(source.files) : null;
    const path = folder?.path ?? (source.kind === 'url' ? source.url : (source as { id: string }).id);
    try {
      this.#kosmos = Kosmos.load(path, {
        onProgress: ({ stage, bytes, totalBytes, file }) =>
          this.#tell({ kind: 'progress', stage, done: bytes, all: totalBytes, file }),
        onCompile: (done, all) => this.#tell({ kind: 'progress', stage: 'kernels', done, all }),
      });
      const kosmos = await this.#kosmos;
      const { device, config } = kosmos.model;
      void device.gpu.lost.then(({ message }) => this.#tell({ kind: 'lost', message }));
      const size = `${config.vision.layers} + ${config.text.layers} layers, pictures of ${config.vision.imageSize} pixels`;
      this.#tell({ kind: 'loaded', adapter: kosmos.adapter, seconds: (performance.now() - began) / 1000, size });
    } catch (error) {
      // a person knows the folder by its name
      throw new Error(messageOf(error).replaceAll(path, source.name), { cause: error });
    } finally {
      folder?.close();
    }
  }

  async #see(id: number, content: PictureContent): Promise<void> {
    const decoded = decodePicture(content);
    this.#picture = decoded.then(({ image }) => image);
    // whoever asks about it hears of the error
    this.#picture.catch(() => undefined);
    const { warnings } = await decoded;
    this.#tell({ kind: 'picture', id, warnings });
  }

  async #ask(id: number, { prompt, boxes, maxNewTokens, temperature }: Question): Promise<void> {
    if (!this.#kosmos) throw new Error('no model is loaded');
    if (!this.#picture) throw new Error('there is no picture yet');
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const kosmos = await this.#kosmos;
    const picture = this.#picture;
    const image = resizeAndCrop(await picture, kosmos.preprocessor);
    // what the model sees is enough for the next question; a photo's pixels take a hundred megabytes
    if (this.#picture === picture) this.#picture = Promise.resolve(image);
    const { inputIds } = kosmos.processor.process(prompt, { images: 1, bboxes: boxes });
    const reader = new CaptionReader(kosmos.processor, inputIds[0]);
    const onToken = (token: number) => {
      reader.push(token);
      const { text, entities } = reader.result();
      this.#tell({ kind: 'partial', id, text, entities });
    };
    const sampling = temperature > 0 ? { temperature, seed: id } : undefined;
    const options: AskOptions = { prompt, boxes, maxNewTokens, sampling, signal, onToken };
    this.#tell({ kind: 'answer', id, answer: await kosmos.ask(image, options) });
  }
}

const scope = globalThis as unknown as WorkerScope;
const host = new ModelHost((message) => scope.postMessage(message));
scope.onmessage = ({ data }) => void host.take(data);
