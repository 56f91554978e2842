/** What was wrong with the input, counted by kind: large collections of pairs always hold some, and none of it ends a run. */

/** Every kind and what happens to such input. */
export const PROBLEM_KINDS = {
  'caption-empty': 'caption dropped: it has no text',
  'caption-too-long': 'caption dropped: it is longer than a caption is',
  'caption-control': 'caption dropped: it holds control characters, or text that was not valid UTF-8',
  'caption-markup': 'caption dropped: it holds tags, which a model would take for its own',
  'caption-other-script': 'caption dropped: most of its letters are not Latin, and the rules are for English',
  'caption-emoji': 'caption used: it holds emoji',
  'pair-malformed': 'row dropped: it cannot be read',
  'pair-without-caption': 'row dropped: it has no caption',
  'parse-malformed': 'caption dropped: its parse cannot be used',
  'detections-malformed': 'row of the detections dropped: it is not in the format',
  'detections-unknown-image': 'row of the detections not used: no usable caption has its id',
  'detection-unknown-chunk': 'box dropped: it is for no noun chunk of its caption',
  'detection-removed-chunk': 'box dropped: it is for an abstract noun chunk or a pronoun',
  'score-invalid': 'box dropped: its score is no number from 0 to 1',
  'box-invalid': 'box dropped: it is not four numbers, or in pixels of a picture whose size is not given',
  'box-inverted': 'box dropped: its right or lower edge is not behind its left or upper one',
  'box-outside': 'box dropped: it lies outside the picture',
  'box-clipped': 'box used: what lay outside the picture was cut off',
  'image-missing': 'caption not grounded: there is no picture, or nothing about it',
  'image-broken': 'caption not grounded: its picture cannot be decoded',
  'phrase-too-long': 'phrase not looked for: with the caption before it, it is longer than the model takes',
  'file-unreadable': 'file skipped: it cannot be read',
  'file-without-columns': 'file skipped: it has not the columns that are needed',
  'picture-key-taken': 'record dropped: another picture of the run has its key, and training could not tell them apart',
  'record-malformed': 'record dropped: it is not in the schema of GRIT',
} as const satisfies Record<string, string>;

export type ProblemKind = keyof typeof PROBLEM_KINDS;

export interface ProblemCount {
  kind: ProblemKind;
  /** What happens to such input. */
  effect: string;
  count: number;
  /** Where the first few were. */
  first: string[];
}

/** How many of a kind are named. */
const NAMED = 3;
/** Characters of a name that are kept. */
const LONGEST_NAME = 200;

/** Whatever is told of problems. */
export interface ProblemSink {
  /** @param where names the thing: a file and line, the id of a caption */
  add(kind: ProblemKind, where: string): void;
}

export class Problems implements ProblemSink {
  readonly #counts = new Map<ProblemKind, { count: number; first: string[] }>();

  /** @param counts what another one's `list` gave */
  constructor(counts: readonly ProblemCount[] = []) {
    this.addAll(counts);
  }

  /** Takes over what another one's `list` gave, behind what is here. */
  addAll(counts: readonly ProblemCount[]): void {
    for (const { kind, count, first } of counts) {
      const entry = this.#counts.get(kind) ?? { count: 0, first: [] };
      const named = [...entry.first, ...first].slice(0, NAMED);
      this.#counts.set(kind, { count: entry.count + count, first: named });
    }
  }

  add(kind: ProblemKind, where: string): void {
    const entry = this.#counts.get(kind) ?? { count: 0, first: [] };
    entry.count++;
    if (entry.first.length < NAMED) entry.first.push(shortened(where));
    this.#counts.set(kind, entry);
  }

  count(kind: ProblemKind): number {
    return this.#counts.get(kind)?.count ?? 0;
  }

  /** The kinds that occurred, in the order of the table. */
  list(): ProblemCount[] {
    return (Object.keys(PROBLEM_KINDS) as ProblemKind[]).flatMap((kind) => {
      const entry = this.#counts.get(kind);
      return entry ? [{ kind, effect: PROBLEM_KINDS[kind], count: entry.count, first: [...entry.first] }] : [];
    });
  }
}

function shortened(text: string): string {
  return text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME)}…`;
}
