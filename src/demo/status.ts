/** Says `text` to a screen reader, without moving its user. */
export function announce(text: string): void {
  const status = document.getElementById('status');
  if (status) status.textContent = text;
}
