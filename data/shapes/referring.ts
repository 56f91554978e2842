/** Descriptions of a region: the six templates of the paper's table 9. */
import type { REFERRING_TEMPLATES } from '../corpora/grounded-instruction.ts';
import { joinParts, type PhrasedText } from './caption-text.ts';
import { describeFully, indefinite } from './description.ts';
import { relationExpressions, relationText, shortestDescription } from './expressions.ts';
import type { Scene, SceneObject } from './scene.ts';

/** The prompt about the region of an object. */
export function regionPrompt(object: SceneObject, template: (typeof REFERRING_TEMPLATES)[number]): PhrasedText {
  return joinParts([template.before, { phrase: template.phrase, objects: [object] }, template.after]);
}

/** `a large striped red star`, with its relation to another object when it is not the only such one. */
export function regionDescription(scene: Scene, object: SceneObject): string {
  const name = indefinite(describeFully(object));
  if (shortestDescription(scene, object)) return name;
  const [related] = relationExpressions(scene, object);
  return related ? name + relationText(related) : name;
}
