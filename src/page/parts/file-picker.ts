import { h } from './element.js';

/**
 * A button that opens the device's file chooser. It hides the browser's own control, which would
 * show a file's name.
 */
export function filePicker(
  id: string,
  label: string,
  accept: string,
  multiple: boolean,
  onFiles: (files: readonly Blob[]) => void,
  kind: 'primary' | 'plain' = 'primary',
): HTMLElement {
  const input = h('input', {
    type: 'file',
    id,
    class: 'picker-input',
    accept,
    multiple,
    autocomplete: 'off',
    change: () => {
      const files = Array.from(input.files ?? []);
      // Otherwise the control keeps the names.
      input.value = '';
      if (files.length > 0) onFiles(files);
    },
  });
  return h(
    'div',
    { class: 'picker' },
    input,
    h('label', { for: id, class: `button ${kind}` }, label),
  );
}
