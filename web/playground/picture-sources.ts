/** The ways in which a picture comes to the page: chosen, dropped, pasted. */
import { find } from '../shared/dom.ts';

export function listenForPictures(stage: HTMLElement, take: (file: File) => void): void {
  const input = find<HTMLInputElement>('file');
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    // the same file may be chosen again
    input.value = '';
    if (file) take(file);
  });
  document.addEventListener('paste', (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  const isFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    stage.classList.add('dropping');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) stage.classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    stage.classList.remove('dropping');
    if (!isFile(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer!.files;
    if (file) take(file);
  });
}
