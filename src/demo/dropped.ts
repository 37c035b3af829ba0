/** Who takes files that are dropped or pasted; nobody does on most screens. */
let take: ((files: readonly Blob[]) => void) | undefined;
let refuse: () => void = () => {};

/** From now on `taker` is given what is dropped or pasted. */
export function takeDropped(taker: ((files: readonly Blob[]) => void) | undefined): void {
  take = taker;
}

/** `told` is called when files come and nobody takes them. */
export function whenNotTaken(told: () => void): void {
  refuse = told;
}

function offer(data: DataTransfer | null): void {
  const files = Array.from(data?.files ?? []);
  if (files.length === 0) return;
  if (take) take(files);
  else refuse();
}

/** Marks the page while files are held over a screen that takes them. */
const markHeld = (held: boolean) => {
  document.body?.toggleAttribute('data-held', held && take !== undefined);
};

/**
 * A file that a page lets fall opens in its place or in a new tab, full size, and stays in the history. Called before the
 * page does anything else, this keeps every file from it.
 */
export function guardFromFiles(): void {
  addEventListener('dragover', stop, true);
  addEventListener('dragenter', stop, true);
  addEventListener(
    'dragleave',
    ({ relatedTarget }) => {
      // Of the window, and not of one element for another.
      if (relatedTarget === null) markHeld(false);
    },
    true,
  );
  addEventListener(
    'drop',
    (event) => {
      event.preventDefault();
      markHeld(false);
      offer(event.dataTransfer);
    },
    true,
  );
  addEventListener(
    'paste',
    (event) => {
      // A code that is pasted into its field is none of this.
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      offer(event.clipboardData);
    },
    true,
  );
}

function stop(event: DragEvent): void {
  event.preventDefault();
  // Never 'move': the file stays where it is.
  if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  markHeld(true);
}
