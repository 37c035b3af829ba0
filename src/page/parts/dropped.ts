/** Receives dropped and pasted files; most screens have no receiver. */
let take: ((files: readonly Blob[]) => void) | undefined;
let refuse: () => void = () => {};

/** Passes dropped and pasted files to `taker` from now on. */
export function takeDropped(taker: ((files: readonly Blob[]) => void) | undefined): void {
  take = taker;
}

/** Calls `notify` if files arrive and no screen takes them. */
export function whenNotTaken(notify: () => void): void {
  refuse = notify;
}

function offer(data: DataTransfer | null): void {
  const files = Array.from(data?.files ?? []);
  if (files.length === 0) return;
  if (take) take(files);
  else refuse();
}

/** Marks the page while files are dragged over a screen that takes them. */
const markHeld = (held: boolean) => {
  document.body?.toggleAttribute('data-held', held && take !== undefined);
};

/**
 * Keeps the browser from opening dropped and pasted files. It would show them full size, in place
 * of the page or in a new tab, and keep them in the history. Call this before the page does
 * anything else.
 */
export function guardFromFiles(): void {
  addEventListener('dragover', stop, true);
  addEventListener('dragenter', stop, true);
  addEventListener(
    'dragleave',
    ({ relatedTarget }) => {
      // The drag left the window, not just one element for another.
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
      // A code pasted into its field brings no files.
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
