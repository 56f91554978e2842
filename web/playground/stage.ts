/** The picture: shows it with the boxes of an answer, and lets one draw a box on it, by pointer and by keyboard. */
import type { Box, Entity } from '../../index.ts';
import { element } from '../shared/dom.ts';
import { paintRgb } from '../shared/rgb-canvas.ts';
import { movedBox, pulledBox, showBox } from './box.ts';
import { paintEntity } from './entity-style.ts';
import { type LinkedLights, lightUp } from './linked.ts';
import type { PictureContent } from './messages.ts';

/** Pixels that a pointer moves before a press becomes a box. */
const LEAST_DRAG = 5;
/** Where a box begins that is drawn by keyboard, and how far a key moves it. */
const FIRST_BOX: Box = [0.3, 0.3, 0.7, 0.7];
const KEY_STEP = 0.02;
/** Below this there is no room for a label above a box. */
const LABEL_ROOM = 0.07;
const ARROWS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class PictureStage {
  readonly #root: HTMLElement;
  readonly #frame = element('div', { className: 'frame' });
  readonly #boxes = element('div', { className: 'boxes' });
  readonly #drawnBox = element('div', { className: 'drawn', hidden: true });
  readonly #onDraw: (box: Box | null) => void;
  #drawn: Box | null = null;
  /** Pictures that were asked for so far. */
  #asked = 0;

  /** `onDraw` hears of every change of the drawn box. */
  constructor(root: HTMLElement, onDraw: (box: Box | null) => void) {
    this.#root = root;
    this.#onDraw = onDraw;
    this.#frame.append(this.#boxes, this.#drawnBox);
    root.append(this.#frame);
    this.#listenToPointer();
    root.addEventListener('keydown', (event) => this.#key(event));
  }

  /**
   * The picture's size; null where another one was asked for before this one was decoded.
   *
   * @throws Error when the browser cannot show the file
   */
  async show(content: PictureContent): Promise<{ width: number; height: number } | null> {
    const number = ++this.#asked;
    const picture = content instanceof Blob ? await imageOf(content) : paintRgb(content);
    if (number !== this.#asked) return null;
    this.#frame.querySelector('img, canvas')?.remove();
    this.#frame.prepend(picture);
    const { width, height } = picture instanceof HTMLImageElement ? storedSize(picture) : picture;
    this.#frame.style.setProperty('--aspect', String(width / height));
    this.draw(null);
    return { width, height };
  }

  /** The boxes of an answer; `lights` links them with its words. */
  showBoxes(entities: readonly Entity[], lights: LinkedLights, choose: (entity: number, box: Box) => void): void {
    const made = entities.flatMap(({ text, boxes }, entity) =>
      boxes.map((box) => {
        const button = element('button', {
          type: 'button',
          className: 'box',
          'aria-label': `${text}, ${showBox(box)}`,
        });
        if (text && !text.startsWith('<')) button.append(element('span', { 'aria-hidden': true }, text));
        button.classList.toggle('low', Math.min(box[1], box[3]) < LABEL_ROOM);
        paintEntity(button, entity);
        place(button, box);
        lights.add(button, entity, () => choose(entity, box));
        return button;
      }),
    );
    this.#boxes.replaceChildren(...made);
    this.light(null);
  }

  light(entity: number | null): void {
    lightUp(this.#frame, entity);
  }

  draw(box: Box | null): void {
    this.#drawn = box;
    this.#drawnBox.hidden = box === null;
    if (box) place(this.#drawnBox, box);
    this.#onDraw(box);
  }

  #listenToPointer(): void {
    const frame = this.#frame;
    let start: { x: number; y: number; id: number } | null = null;
    let isDrawing = false;
    const fractions = (x: number, y: number): [number, number] => {
      const { left, top, width, height } = frame.getBoundingClientRect();
      return [(x - left) / width, (y - top) / height];
    };
    frame.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      start = { x: event.clientX, y: event.clientY, id: event.pointerId };
      isDrawing = false;
    });
    frame.addEventListener('pointermove', (event) => {
      if (!start || event.pointerId !== start.id) return;
      // released outside of the frame, where nobody heard of it
      if ((event.buttons & 1) === 0) {
        start = null;
        return;
      }
      if (!isDrawing && Math.hypot(event.clientX - start.x, event.clientY - start.y) < LEAST_DRAG) return;
      // from here on it is no click on what lies below
      if (!isDrawing) frame.setPointerCapture(event.pointerId);
      isDrawing = true;
      this.draw(pulledBox(fractions(start.x, start.y), fractions(event.clientX, event.clientY)));
    });
    const end = () => {
      start = null;
    };
    frame.addEventListener('pointerup', end);
    frame.addEventListener('pointercancel', end);
    frame.addEventListener(
      'click',
      (event) => {
        if (isDrawing) event.stopPropagation();
        isDrawing = false;
      },
      true,
    );
    frame.addEventListener('dragstart', (event) => event.preventDefault());
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#root || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (event.key === 'Enter' || event.key === ' ') this.draw(this.#drawn ?? FIRST_BOX);
    else if (event.key === 'Escape' || event.key === 'Delete') this.draw(null);
    else if (arrow && this.#drawn)
      this.draw(movedBox(this.#drawn, arrow[0] * KEY_STEP, arrow[1] * KEY_STEP, event.shiftKey));
    else return;
    event.preventDefault();
  }
}

async function imageOf(file: Blob): Promise<HTMLImageElement> {
  const image = element('img', { alt: '', draggable: false });
  const url = URL.createObjectURL(file);
  try {
    image.src = url;
    await image.decode();
    return image;
  } catch (error) {
    throw new Error('The browser cannot show this file: it is damaged, or no picture that this browser knows', {
      cause: error,
    });
  } finally {
    // the decoded picture stays
    URL.revokeObjectURL(url);
  }
}

/**
 * The sides of a picture on the page as its file has them. Layout goes by the style, which has photos not turned; `naturalWidth` and bitmaps are those of the
 * turned photo whatever it says.
 */
function storedSize(image: HTMLImageElement): { width: number; height: number } {
  Object.assign(image.style, { position: 'absolute', width: 'auto', height: 'auto', maxWidth: 'none' });
  const { offsetWidth: width, offsetHeight: height } = image;
  image.removeAttribute('style');
  return { width, height };
}

function place(target: HTMLElement, [x1, y1, x2, y2]: Box): void {
  const percent = (value: number) => `${100 * value}%`;
  target.style.left = percent(Math.min(x1, x2));
  target.style.top = percent(Math.min(y1, y2));
  target.style.width = percent(Math.abs(x2 - x1));
  target.style.height = percent(Math.abs(y2 - y1));
}
