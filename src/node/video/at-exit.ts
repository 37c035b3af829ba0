import process from 'node:process';

/** Children to kill and files to remove if the program exits before they are done with. */
const left = new Set<() => void>();
let isListening = false;

/**
 * Runs `action` when the program exits. However many there are, the process has one listener: Node
 * warns of a leak from the eleventh on.
 * @returns forgets it
 */
export function atExit(action: () => void): () => void {
  if (!isListening) process.once('exit', endAtOnce);
  isListening = true;
  const own = () => action();
  left.add(own);
  return () => void left.delete(own);
}

/** Kills and removes what is left, for a program that exits without that event. */
export function endAtOnce(): void {
  for (const each of left) each();
}
