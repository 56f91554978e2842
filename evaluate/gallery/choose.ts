/** Which exhibits a gallery shows. */
import type { Exhibit } from '../exhibit.ts';

/** Rows of one kind, with how many there are in all. */
export interface Wing {
  readonly title: string;
  readonly all: number;
  readonly shown: readonly Exhibit[];
}

/** What went wrong is what most readers come for. */
const MOST = { wrong: 96, right: 48, unjudged: 96 };

/** The wrong ones first, then the right ones, or all together where nothing is simply right; each evenly over the data. */
export function wingsOf(exhibits: readonly Exhibit[]): Wing[] {
  const wings = [
    { title: 'Wrong', of: exhibits.filter(({ isRight }) => isRight === false), most: MOST.wrong },
    { title: 'Right', of: exhibits.filter(({ isRight }) => isRight === true), most: MOST.right },
    { title: 'Answers', of: exhibits.filter(({ isRight }) => isRight === null), most: MOST.unjudged },
  ];
  return wings
    .filter(({ of }) => of.length > 0)
    .map(({ title, of, most }) => ({ title, all: of.length, shown: spread(of, most) }));
}

function spread<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);
}
