/** Texts of the exit, and those of the screens that send, by the beginnings of their keys. */
const ALWAYS = /^(title|exit)/;
const SENDING =
  /^(back|send|ask|state)|^(next|workingStop|code(Numbers|Videos|Day|Bytes)|previewLabel|withdraw(Here|Code|BadCode))$/;

/** True if the shell has the text of this key. */
export const isOfShell = (key: string, sends: boolean): boolean =>
  ALWAYS.test(key) || (sends && SENDING.test(key));
