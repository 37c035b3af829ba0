import { type FileHandle, open } from 'node:fs/promises';

/** What all open files inherit their methods from, to be spied on. */
export async function fileHandles(): Promise<FileHandle> {
  const file = await open(import.meta.dirname, 'r');
  await file.close();
  return Object.getPrototypeOf(file) as FileHandle;
}
