/**
 * The question that follows a mistyped word, with the nearest of the words that it could be; empty
 * if none is near.
 * @example
 * didYouMean('mathc', ['match', 'hash']) // '. Did you mean `match`?'
 */
export function didYouMean(typed: string, words: readonly string[]): string {
  // Most words are a few edits from a short one.
  const { length } = typed.replace(/^-+/, '');
  let least = Math.min(3, Math.floor((length + 1) / 3)) + 1;
  let nearest: string | undefined;
  for (const word of words) {
    const edits = editsOf(typed.toLowerCase(), word.toLowerCase());
    if (edits >= least) continue;
    least = edits;
    nearest = word;
  }
  return nearest === undefined ? '' : `. Did you mean \`${nearest}\`?`;
}

/**
 * Edits from one word to another: letters inserted, deleted, replaced, or swapped with the next one
 * (optimal string alignment).
 */
function editsOf(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      const replaced = row[j - 1]! + (isSame ? 0 : 1);
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, replaced);
      const isSwapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (i > 1 && j > 1 && isSwapped) next[j] = Math.min(next[j]!, before[j - 2]! + 1);
    }
    [before, row] = [row, next];
  }
  return row[to.length]!;
}
