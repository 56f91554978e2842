/** Questions and answers, newest first. The boxes of one of them are on the picture: of the newest, or of the one that is used. */
import type { Answer, Box, Entity } from '../../index.ts';
import { element } from '../shared/dom.ts';
import { paintEntity } from './entity-style.ts';
import { LinkedLights, lightUp } from './linked.ts';
import type { PartialAnswer } from './messages.ts';
import type { Mode } from './modes.ts';
import { piecesOf, textBehind } from './phrases.ts';
import type { PictureStage } from './stage.ts';

export interface ConversationListeners {
  /** A phrase of an answer was clicked. */
  phraseChosen(phrase: string): void;
  /** A box of an answer was clicked. */
  boxChosen(box: Box): void;
}

interface Turn {
  readonly mode: Mode;
  readonly item: HTMLElement;
  readonly said: HTMLElement;
  readonly figures: HTMLElement;
  readonly lights: LinkedLights;
  entities: readonly Entity[];
}

/** An answer that is being written. */
export interface OpenTurn {
  update(answer: PartialAnswer): void;
  finish(answer: Answer): void;
  fail(message: string): void;
}

export class Conversation {
  readonly #list: HTMLElement;
  readonly #stage: PictureStage;
  readonly #listeners: ConversationListeners;
  #active: Turn | null = null;

  constructor(list: HTMLElement, stage: PictureStage, listeners: ConversationListeners) {
    this.#list = list;
    this.#stage = stage;
    this.#listeners = listeners;
  }

  /** For a new picture. */
  clear(): void {
    this.#list.replaceChildren();
    this.#active = null;
    this.#stage.showBoxes([], new LinkedLights(() => undefined), () => undefined);
  }

  begin(mode: Mode, title: string): OpenTurn {
    const said = element('p', { className: 'said working' });
    const figures = element('p', { className: 'figures' });
    // the whole answer is read out when it is there, not every piece of it again
    const item = element('li', { 'aria-busy': true }, element('p', { className: 'asked' }, title), said, figures);
    const lights = new LinkedLights((entity) => {
      lightUp(said, entity);
      this.#stage.light(entity);
    });
    const turn: Turn = { mode, item, said, figures, lights, entities: [] };
    const activate = () => this.#activate(turn);
    item.addEventListener('pointerenter', activate);
    item.addEventListener('focusin', activate);
    this.#list.prepend(item);
    this.#activate(turn);
    return {
      update: (answer) => this.#write(turn, answer),
      finish: (answer) => {
        this.#write(turn, answer);
        said.classList.remove('working');
        item.removeAttribute('aria-busy');
        if (said.textContent === '') said.append(element('span', { className: 'soft' }, '(the model said nothing)'));
        figures.textContent = figuresOf(answer);
      },
      fail: (message) => {
        said.classList.remove('working');
        item.removeAttribute('aria-busy');
        figures.classList.add('bad');
        figures.textContent = message;
      },
    };
  }

  #activate(turn: Turn): void {
    if (this.#active === turn) return;
    this.#active?.item.classList.remove('active');
    this.#active?.lights.clear();
    this.#active = turn;
    turn.item.classList.add('active');
    this.#showBoxes(turn);
  }

  #write(turn: Turn, answer: PartialAnswer): void {
    const behind = turn.mode.answerBehind;
    const { text, entities } = behind ? textBehind(behind, answer.text, answer.entities) : answer;
    const isNew = entities.length !== turn.entities.length;
    turn.entities = entities;
    turn.said.replaceChildren(
      ...piecesOf(text, entities).map((piece) => this.#pieceElement(turn, piece.text, piece.entity)),
    );
    if (isNew && this.#active === turn) this.#showBoxes(turn);
  }

  #pieceElement(turn: Turn, text: string, entity: number | null): Node {
    if (entity === null) return document.createTextNode(text);
    const label = text === '' ? '▢' : text;
    const button = element('button', { type: 'button', className: 'phrase' }, label);
    if (text === '') button.setAttribute('aria-label', 'a box without words');
    paintEntity(button, entity);
    turn.lights.add(button, entity, () => text && this.#listeners.phraseChosen(text));
    return button;
  }

  #showBoxes({ entities, lights }: Turn): void {
    this.#stage.showBoxes(entities, lights, (_, box) => this.#listeners.boxChosen(box));
  }
}

/** `0.42 s to the first token · 38.1 tokens a second · 14 tokens · picture 0.20 s`; a number and its unit stay on one line. */
function figuresOf({ timings, generatedIds, stopped, warnings }: Answer): string {
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)}\u00a0s`;
  const count = generatedIds.length;
  const rate = count > 1 ? [`${(((count - 1) / timings.generate) * 1000).toFixed(1)} tokens a second`] : [];
  const ends = { end: [], length: ['cut at the limit of tokens'], cancelled: ['stopped'] }[stopped];
  return [
    `${seconds(timings.prepare + timings.encode + timings.firstToken)} to the first token`,
    ...rate,
    `${count} ${count === 1 ? 'token' : 'tokens'}`,
    `picture\u00a0${seconds(timings.encode)}`,
    ...ends,
    ...warnings,
  ].join(' · ');
}
