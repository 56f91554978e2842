/** Phrases and boxes that light each other up: what is pointed at or has the focus, else what was chosen by a click. */

export class LinkedLights {
  readonly #show: (entity: number | null) => void;
  #pointed: number | null = null;
  #chosen: number | null = null;

  constructor(show: (entity: number | null) => void) {
    this.#show = show;
  }

  /** Makes an element of an entity take part. `choose` is told of clicks. */
  add(target: HTMLElement, entity: number, choose: (entity: number) => void): void {
    const point = (to: number | null) => () => {
      this.#pointed = to;
      this.#update();
    };
    target.addEventListener('pointerenter', point(entity));
    target.addEventListener('pointerleave', point(null));
    target.addEventListener('focus', point(entity));
    target.addEventListener('blur', point(null));
    target.addEventListener('click', () => {
      this.#chosen = this.#chosen === entity ? null : entity;
      this.#update();
      choose(entity);
    });
  }

  clear(): void {
    this.#pointed = null;
    this.#chosen = null;
    this.#update();
  }

  #update(): void {
    this.#show(this.#pointed ?? this.#chosen);
  }
}

/** Marks those elements below `root` that belong to the entity. */
export function lightUp(root: HTMLElement, entity: number | null): void {
  root.classList.toggle('has-lit', entity !== null);
  for (const target of root.querySelectorAll<HTMLElement>('[data-entity]')) {
    target.classList.toggle('lit', target.dataset.entity === String(entity));
  }
}
