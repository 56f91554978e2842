/** Which kinds of examples come, and how training may begin with simple ones. */
import { checkMostObjects } from './scene.ts';
import { TEXT_KINDS } from './texts.ts';

export const EXAMPLE_KINDS = [...TEXT_KINDS, 'textOnly', 'interleaved', 'patches'] as const;
export type ExampleKind = (typeof EXAMPLE_KINDS)[number];

/** How often each kind of example comes, relative to the others. */
export type ShapesMix = Readonly<Record<ExampleKind, number>>;

export const DEFAULT_MIX: ShapesMix = {
  caption: 6,
  groundedCaption: 30,
  detail: 8,
  comprehension: 20,
  grounding: 8,
  referring: 8,
  question: 16,
  textOnly: 2,
  interleaved: 2,
  patches: 0,
};

/** Examples numbered below `before`, from the end of the stage before on. */
export interface CurriculumStage {
  readonly before: number;
  /** In each scene. */
  readonly mostObjects: number;
  /** Instead of the stream's own. */
  readonly textsPerImage?: number;
  readonly mix?: Partial<ShapesMix>;
}

const STAGE_FIELDS: readonly (keyof CurriculumStage)[] = ['before', 'mostObjects', 'textsPerImage', 'mix'];

/** What a stream's options say about it (see `ShapesOptions`). */
export interface StageOptions {
  /** Texts about each picture. Default 3. */
  readonly textsPerImage?: number;
  /** Default `DEFAULT_MIX`; kinds that are left out keep their default weight. */
  readonly mix?: Partial<ShapesMix>;
  /** Scenes with more objects are left out. Default: none are. */
  readonly mostObjects?: number;
  /** Stages of a training that begins with simple scenes; behind the last one the options above hold. Default: none. */
  readonly curriculum?: readonly CurriculumStage[];
}

/** A stage with everything that it leaves to the stream's options. */
export interface Stage {
  readonly before: number;
  readonly mostObjects: number;
  readonly textsPerImage: number;
  readonly mix: ShapesMix;
}

/** The stages of a curriculum, and behind them one without end. */
export function stagesOf(options: StageOptions): Stage[] {
  const { curriculum = [], mostObjects = Number.POSITIVE_INFINITY, textsPerImage = 3 } = options;
  checkMostObjects(mostObjects);
  const mix = checkedMix(DEFAULT_MIX, options.mix);
  const stages = curriculum.map((stage): Stage => {
    checkNames('a stage of the curriculum', stage, STAGE_FIELDS);
    if (!(stage.before > 0) || !(stage.mostObjects >= 1))
      throw new Error(
        `shapes: a stage of the curriculum needs before and mostObjects above 0, not ${JSON.stringify(stage)}`,
      );
    return {
      before: stage.before,
      mostObjects: Math.min(mostObjects, stage.mostObjects),
      textsPerImage: stage.textsPerImage ?? textsPerImage,
      mix: checkedMix(mix, stage.mix),
    };
  });
  return [...stages, { before: Number.POSITIVE_INFINITY, mostObjects, textsPerImage, mix }];
}

/** @throws Error for a name that means nothing, which would be a kind or a field that is spelled wrongly */
function checkNames(what: string, given: object, names: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`shapes: ${what} has ${JSON.stringify(unknown)}; there are ${names.join(', ')}`);
}

function checkedMix(otherwise: ShapesMix, given: Partial<ShapesMix> = {}): ShapesMix {
  checkNames('the mix', given, EXAMPLE_KINDS);
  const mix = { ...otherwise, ...given };
  const weights = EXAMPLE_KINDS.map((kind) => mix[kind]);
  if (!weights.every((weight) => Number.isFinite(weight) && weight >= 0) || !weights.some((weight) => weight > 0)) {
    throw new Error(`shapes: the mix needs weights that are not negative and not all zero, not ${JSON.stringify(mix)}`);
  }
  return mix;
}
