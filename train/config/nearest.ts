/** Which of the known names a mistyped one was meant to be. */

/** The nearest of `names` by edits of letters, case and separators aside; null where none is near. */
export function nearestName(typed: string, names: Iterable<string>): string | null {
  let nearest: string | null = null;
  let fewest = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    const edits = editDistance(plain(typed), plain(name));
    if (edits < fewest && edits < plain(name).length) [nearest, fewest] = [name, edits];
  }
  return nearest;
}

/** Equal but for case and separators: `learning_rate` and `learningRate`. */
export function sameLetters(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** Letters to insert, delete or replace to make `b` of `a` (Levenshtein), row by row of the table. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j] + 1, row[j - 1] + 1));
    }
    above = row;
  }
  return above[b.length];
}
