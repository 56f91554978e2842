/** A caption with its picture, and how it is found in a row of whatever file. */
import { type PictureSource, pictureOf } from '../../corpora/picture-files.ts';
import { Unusable } from '../../corpora/problems.ts';
import type { DataRecord, Row } from '../../corpora/readers/record.ts';
import { integerIn, integerOrNull } from '../json-row.ts';
import type { ParsedCaption } from '../parse.ts';
import type { ProblemKind } from '../problems.ts';
import type { PictureFacts } from '../records.ts';

/** A caption on its way to a record. */
export interface CaptionPair {
  /** Names the caption and its picture. */
  readonly id: string;
  readonly caption: string;
  /** Where somebody parsed it before; null where that is still to be done. */
  readonly parsed: ParsedCaption | null;
  /** Null where nothing says where the picture is. */
  readonly picture: PictureSource | null;
  readonly facts: PictureFacts;
}

/** A row that is no pair, and why. */
export interface BadPair {
  readonly kind: ProblemKind;
  readonly where: string;
}

/**
 * The names that fields go by, the first that a row has counts: this project's, COYO's, LAION's (capitals), img2dataset's, and
 * those of common data sets of captions.
 */
const NAMES = {
  caption: ['caption', 'text', 'TEXT', 'Caption'],
  key: ['key'],
  id: ['id', 'SAMPLE_ID', 'sample_id', 'image_id'],
  url: ['url', 'URL', 'image_url'],
  width: ['width', 'WIDTH'],
  height: ['height', 'HEIGHT'],
  clip_similarity_vitb32: ['clip_similarity_vitb32'],
  clip_similarity_vitl14: ['clip_similarity_vitl14'],
  image: ['image', 'file_name', 'image_path', 'filepath', 'filename'],
  base64: ['base64'],
} as const;

type Field = keyof typeof NAMES;

/** Every column that can be part of a pair. */
export const PAIR_COLUMNS: readonly string[] = Object.values(NAMES).flat();
export const CAPTION_COLUMNS: readonly string[] = NAMES.caption;

/**
 * @param images where pictures lie that are named by a path, or by `key` or `id`
 * @param otherwise the id of a pair that has none
 */
export function pairOf(record: DataRecord, images: string, otherwise: string): CaptionPair | BadPair {
  const { content, where } = record;
  if (content instanceof Unusable) return { kind: 'pair-malformed', where: `${where}: ${content.message}` };
  const caption = field(content, 'caption');
  if (typeof caption !== 'string') return { kind: 'pair-without-caption', where };
  const facts = factsOf(content, record);
  const id = facts.key ?? (facts.id === null ? otherwise : String(facts.id));
  const named = { image: field(content, 'image'), base64: field(content, 'base64'), key: facts.key, id: facts.id };
  return { id, caption, parsed: null, picture: pictureIn(record, named, images), facts: { ...facts, key: id } };
}

export function isPair(found: CaptionPair | BadPair): found is CaptionPair {
  return 'caption' in found;
}

function field(row: Row, name: Field): unknown {
  const found = NAMES[name].find((alias) => row[alias] !== undefined && row[alias] !== null);
  return found === undefined ? null : row[found];
}

/** A picture without a key has one all the same where it has a name: the path without its ending, in an archive behind the archive's name. */
function factsOf(row: Row, record: DataRecord): PictureFacts {
  const image = field(row, 'image');
  const [file] = record.pictures?.keys() ?? [];
  const id = wholeNumber(field(row, 'id'));
  const spelled = id === null ? textOrNull(field(row, 'id')) : null;
  return {
    key:
      nameOf(field(row, 'key')) ??
      (file === undefined ? null : (record.name ?? withoutEnding(file))) ??
      withoutEnding(image) ??
      spelled,
    clip_similarity_vitb32: numberOrNull(field(row, 'clip_similarity_vitb32')),
    clip_similarity_vitl14: numberOrNull(field(row, 'clip_similarity_vitl14')),
    id,
    url: textOrNull(field(row, 'url')),
    width: numberOrNull(field(row, 'width')),
    height: numberOrNull(field(row, 'height')),
  };
}

function pictureIn(record: DataRecord, row: Row, images: string): PictureSource | null {
  try {
    return pictureOf(record, row, images);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return null;
  }
}

function withoutEnding(path: unknown): string | null {
  return typeof path === 'string' && path !== '' ? path.replace(/\.(jpe?g|png|webp)$/i, '') : null;
}

function nameOf(value: unknown): string | null {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : textOrNull(value);
}

/** LAION writes its identifiers as doubles, and text formats as texts. */
function wholeNumber(value: unknown): number | bigint | null {
  return typeof value === 'string' ? integerIn(value) : integerOrNull(value);
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOrNull(value: unknown): number | null {
  const number = typeof value === 'bigint' || (typeof value === 'string' && value !== '') ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}
