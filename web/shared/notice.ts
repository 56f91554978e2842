/** A message that stays until it is answered: what went wrong, and what one can do. */
import { element } from './dom.ts';

export interface NoticeAction {
  readonly label: string;
  run(): void;
}

/** Replaces what the place shows. */
export function showNotice(
  place: HTMLElement,
  title: string,
  text: string,
  actions: readonly NoticeAction[] = [],
): void {
  const close = () => place.replaceChildren();
  const buttons = [...actions, { label: 'Close', run: () => undefined }].map(({ label, run }) => {
    const button = element('button', { type: 'button', className: 'quiet' }, label);
    button.addEventListener('click', () => {
      close();
      run();
    });
    return button;
  });
  place.replaceChildren(
    element(
      'div',
      { className: 'notice', role: 'alert' },
      element('strong', {}, title),
      element('p', {}, text),
      element('div', { className: 'row' }, ...buttons),
    ),
  );
}
