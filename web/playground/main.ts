/** The playground: a picture, a model, and what one asks of it. */
import type { Box } from '../../index.ts';
import { find, messageOf } from '../shared/dom.ts';
import { showNotice } from '../shared/notice.ts';
import { AskForm, type Suggestions } from './ask-form.ts';
import { showBox } from './box.ts';
import { Conversation } from './conversation.ts';
import type { ModelSource, PictureContent } from './messages.ts';
import { ModelPanel, shippedModel, trainedModel } from './model-panel.ts';
import { questionOf } from './modes.ts';
import { listenForPictures } from './picture-sources.ts';
import { sampleScene } from './scene-samples.ts';
import { ModelSession, SessionClosed } from './session.ts';
import { PictureStage } from './stage.ts';

/** The scene of the README. */
const FIRST_SCENE = 9;
/** Larger files are no pictures that a page can hold. */
const MOST_BYTES = 300 * 2 ** 20;

class Playground {
  readonly #notice = find('notice');
  readonly #note = find('picture-note');
  readonly #clearBox = find('clear-box');
  readonly #stage = new PictureStage(find('stage'), (box) => this.#boxDrawn(box));
  readonly #form = new AskForm({ submit: () => void this.#ask(), stop: () => this.#session?.stop() });
  readonly #panel = new ModelPanel((source) => this.#load(source));
  readonly #conversation = new Conversation(find('answers'), this.#stage, {
    phraseChosen: (phrase) => this.#form.choose('find', phrase),
    boxChosen: (box) => this.#stage.draw(box),
  });
  #session: ModelSession | null = null;
  #picture: PictureContent | null = null;
  #box: Box | null = null;
  #scene = FIRST_SCENE;
  /** What the note below the picture says when no box is drawn: what it is, and what is odd about its file. */
  #about = '';
  #warnings: readonly string[] = [];

  async start(): Promise<void> {
    listenForPictures(find('stage'), (file) => void this.#open(file));
    find('new-scene').addEventListener('click', () => {
      this.#scene = Math.floor(Math.random() * 2 ** 31);
      void this.#showScene();
    });
    this.#clearBox.addEventListener('click', () => this.#stage.draw(null));
    this.#load(trainedModel() ?? shippedModel());
    await this.#showScene();
  }

  /** In a thread of its own; that of the model before ends, with all that it holds. */
  #load(source: ModelSource): void {
    this.#session?.close();
    this.#panel.begin(source);
    this.#notice.replaceChildren();
    const session: ModelSession = new ModelSession(source, {
      progress: (progress) => this.#panel.progress(progress),
      loaded: (model) => this.#panel.loaded(model),
      failed: (message) => {
        this.#panel.failed(message);
        showNotice(this.#notice, 'The model could not be loaded', message, [
          { label: 'Try again', run: () => this.#load(source) },
        ]);
      },
      lost: (message) => this.#lost(source, message),
    });
    this.#session = session;
    if (this.#picture) void this.#tell(session, this.#picture);
  }

  #lost(source: ModelSource, message: string): void {
    this.#session?.close();
    this.#session = null;
    this.#panel.failed('its device was lost');
    showNotice(
      this.#notice,
      'The graphics device was lost',
      `This happens when a driver restarts, or when a page rests in the background for long. Your picture and the answers are still here.${message ? ` (${message})` : ''}`,
      [{ label: 'Go on', run: () => this.#load(source) }],
    );
  }

  async #showScene(): Promise<void> {
    const { image, suggestions } = sampleScene(this.#scene);
    await this.#show(image, 'A drawing that the model was not trained on.', suggestions);
  }

  async #open(file: File): Promise<void> {
    try {
      if (file.size > MOST_BYTES)
        throw new Error(`it has ${Math.round(file.size / 2 ** 20)} MB, more than a page can hold`);
      await this.#show(file, file.name);
    } catch (error) {
      showNotice(this.#notice, `${file.name || 'The picture'} cannot be opened`, messageOf(error));
    }
  }

  async #show(content: PictureContent, name: string, suggestions: Suggestions = {}): Promise<void> {
    const size = await this.#stage.show(content);
    if (!size) return;
    this.#picture = content;
    this.#conversation.clear();
    this.#form.suggest(suggestions);
    this.#about = content instanceof Blob ? `${name}, ${size.width} × ${size.height} pixels` : name;
    this.#warnings = [];
    this.#showNote();
    if (this.#session) await this.#tell(this.#session, content);
  }

  /** Hands the picture to a model; what is wrong with the file shows at once, not with the first question. */
  async #tell(session: ModelSession, content: PictureContent): Promise<void> {
    try {
      const warnings = await session.setPicture(content);
      if (content !== this.#picture) return;
      this.#warnings = warnings;
      this.#showNote();
    } catch (error) {
      if (error instanceof SessionClosed || content !== this.#picture) return;
      showNotice(this.#notice, 'The model cannot read this picture', messageOf(error));
    }
  }

  #boxDrawn(box: Box | null): void {
    this.#box = box;
    this.#clearBox.hidden = box === null;
    this.#showNote();
    if (box && this.#form.mode.name !== 'point') this.#form.choose('point');
  }

  #showNote(): void {
    this.#note.textContent = this.#box ? `Box: ${showBox(this.#box)}` : [this.#about, ...this.#warnings].join(' · ');
  }

  async #ask(): Promise<void> {
    const { mode, text, settings } = this.#form;
    const session = this.#session;
    let question: ReturnType<typeof questionOf>;
    try {
      if (!session) throw new Error('No model is loaded: choose one below');
      question = questionOf(mode, text, this.#box);
    } catch (error) {
      return showNotice(this.#notice, 'Not yet', messageOf(error));
    }
    this.#notice.replaceChildren();
    const turn = this.#conversation.begin(mode, mode.title(text.trim()));
    this.#form.setWorking(true);
    try {
      turn.finish(await session.ask({ ...question, ...settings }, (answer) => turn.update(answer)));
    } catch (error) {
      turn.fail(error instanceof SessionClosed ? 'The model was closed before it answered.' : messageOf(error));
    } finally {
      this.#form.setWorking(false);
    }
  }
}

void new Playground().start();
