/** The colour of an entity, the same in the text and on the picture. */

import { inkOn } from '../../data/image/draw/colors.ts';
import { entityColor } from '../../data/index.ts';

export function paintEntity(target: HTMLElement, entity: number): void {
  const color = entityColor(entity);
  target.dataset.entity = String(entity);
  target.style.setProperty('--color', `rgb(${color.join(' ')})`);
  target.style.setProperty('--on', `rgb(${inkOn(color).join(' ')})`);
}
