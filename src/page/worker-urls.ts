/**
 * The scripts of the Workers. The build inserts them into the script of the page, so that its
 * digest covers them.
 */
declare const HASHER_SCRIPT: string;
declare const COPIES_SCRIPT: string;

const urls = new Map<string, string>();

const urlOf = (name: string, script: string): string => {
  let url = urls.get(name);
  if (url === undefined) {
    url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    urls.set(name, url);
  }
  return url;
};

/** Address of the Worker that hashes; the whole page shares it. */
export const hasherUrl = (): string => urlOf('hasher', HASHER_SCRIPT);

/** Address of the Worker that makes changed copies. */
export const copiesUrl = (): string => urlOf('copies', COPIES_SCRIPT);
