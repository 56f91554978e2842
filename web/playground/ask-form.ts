/** The form below the picture: what to do, with which words. */
import { element, find } from '../shared/dom.ts';
import { MODES, type Mode, type ModeName } from './modes.ts';

export interface AskSettings {
  readonly maxNewTokens: number;
  readonly temperature: number;
}

export type Suggestions = Partial<Record<ModeName, readonly string[]>>;

export class AskForm {
  readonly #text = find<HTMLInputElement>('text');
  readonly #chips = find('suggestions');
  readonly #send = find<HTMLButtonElement>('send');
  readonly #stop = find<HTMLButtonElement>('stop');
  readonly #submit: () => void;
  #mode = MODES[0];
  #suggestions: Suggestions = {};
  /** What was typed in each mode. */
  readonly #texts = new Map<ModeName, string>();

  constructor(listeners: { submit(): void; stop(): void }) {
    this.#submit = listeners.submit;
    find('modes').append(...MODES.map((mode) => this.#radio(mode)));
    find('ask').addEventListener('submit', (event) => {
      event.preventDefault();
      listeners.submit();
    });
    this.#stop.addEventListener('click', listeners.stop);
    this.choose('caption');
  }

  get mode(): Mode {
    return this.#mode;
  }

  get text(): string {
    return this.#text.value;
  }

  get settings(): AskSettings {
    const number = (id: string, least: number, most: number) =>
      Math.min(most, Math.max(least, Number(find<HTMLInputElement>(id).value) || least));
    return { maxNewTokens: Math.round(number('max-tokens', 1, 256)), temperature: number('temperature', 0, 2) };
  }

  /** Chooses a mode, and with `text` fills its field. */
  choose(name: ModeName, text?: string): void {
    this.#texts.set(this.#mode.name, this.#text.value);
    this.#mode = MODES.find((mode) => mode.name === name)!;
    if (text !== undefined) this.#texts.set(name, text);
    find<HTMLInputElement>(`mode-${name}`).checked = true;
    find('mode-help').textContent = this.#mode.help;
    const label = find('text-label');
    label.hidden = this.#mode.field === null;
    label.querySelector('span')!.textContent = this.#mode.field ?? '';
    this.#text.value = this.#texts.get(name) ?? '';
    this.#showSuggestions();
  }

  suggest(suggestions: Suggestions): void {
    this.#suggestions = suggestions;
    this.#showSuggestions();
  }

  /** While an answer is written it can be stopped. */
  setWorking(isWorking: boolean): void {
    this.#send.disabled = isWorking;
    this.#stop.hidden = !isWorking;
  }

  #radio(mode: Mode): HTMLElement {
    const input = element('input', { type: 'radio', name: 'mode', id: `mode-${mode.name}`, value: mode.name });
    input.addEventListener('change', () => this.choose(mode.name));
    return element('label', {}, input, mode.label);
  }

  #showSuggestions(): void {
    const texts = this.#suggestions[this.#mode.name] ?? [];
    this.#chips.hidden = texts.length === 0;
    this.#chips.replaceChildren(
      ...texts.map((text) => {
        const chip = element('button', { type: 'button' }, text);
        chip.addEventListener('click', () => {
          this.#text.value = text;
          if (!this.#send.disabled) this.#submit();
        });
        return chip;
      }),
    );
  }
}
