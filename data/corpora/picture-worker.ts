/** A thread that loads pictures for `PicturePool`. */
import { runtime } from '../../engine/runtime/index.ts';
import { type LoadedPicture, loadPicture, type PictureView } from './picture.ts';

export interface PictureTask {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: PictureView;
}

export type PictureAnswer = { readonly picture: LoadedPicture } | { readonly error: string };

(await runtime()).serveWorker(async (message) => {
  const { bytes, view } = message as PictureTask;
  try {
    const picture = await loadPicture(bytes, view);
    const answer: PictureAnswer = { picture };
    return { message: answer, transfer: [picture.image.data.buffer as ArrayBuffer] };
  } catch (error) {
    const answer: PictureAnswer = { error: (error as Error).message };
    return { message: answer };
  }
});
