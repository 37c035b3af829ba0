import { expect, test } from 'vitest';
import { DecodeError } from '../../../src/errors.js';
import { FormReader, filesOf, isForm } from '../../../src/server/http/read-form.js';
import { formOf } from '../uploads/uploads.js';
import { withResolvers } from '../with-resolvers.js';

const KB = 1024;
const requestOf = (...sizes: number[]) =>
  new Request('http://a.test', {
    method: 'POST',
    body: formOf(...sizes.map((size) => Buffer.alloc(size, 1))),
  });

/** A form whose rest comes when it is let go on. */
function slowForm(bytes: number) {
  const rest = withResolvers();
  let isEnded = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (isEnded) controller.close();
      else if (controller.desiredSize !== null) {
        const text = 'content-disposition: form-data; name="a"; filename="b"';
        controller.enqueue(Buffer.from(`--x\r\n${text}\r\n\r\n`));
        await rest.promise;
        controller.enqueue(Buffer.alloc(bytes, 1));
        controller.enqueue(Buffer.from('\r\n--x--\r\n'));
        isEnded = true;
      }
    },
  });
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  const init = { method: 'POST', body, headers, duplex: 'half' };
  return { request: new Request('http://a.test', init), goOn: rest.resolve };
}

const codeOf = (reading: Promise<unknown>) =>
  reading.then(
    () => 'read',
    (error: unknown) => {
      expect(error).toBeInstanceOf(DecodeError);
      return (error as DecodeError).code;
    },
  );

test('a form is held until it is released, once', async () => {
  const forms = new FormReader({ maxBytes: 100 * KB, maxBytesHeld: 150 * KB });
  const first = await forms.read(requestOf(90 * KB));
  expect(filesOf(first.form).map(({ size }) => size)).toEqual([90 * KB]);
  const refused = requestOf(90 * KB);
  expect(await codeOf(forms.read(refused))).toBe('busy');
  expect(refused.bodyUsed).toBe(false);
  first.release();
  first.release();
  const second = await forms.read(requestOf(90 * KB));
  expect(await codeOf(forms.read(requestOf(90 * KB)))).toBe('busy');
  second.release();
});

test('a body that is no form, or too long, holds nothing afterwards', async () => {
  const forms = new FormReader({ maxBytes: 100 * KB, maxBytesHeld: 100 * KB });
  for (let i = 0; i < 3; i++) {
    expect(await codeOf(forms.read(requestOf(200 * KB)))).toBe('too-many-bytes');
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const wrong = new Request('http://a.test', { method: 'POST', body: '--y', headers });
    expect(await codeOf(forms.read(wrong))).toBe('unreadable');
  }
  const whole = await forms.read(requestOf(90 * KB));
  expect(filesOf(whole.form)).toHaveLength(1);
});

test('with first bytes, stalled forms do not hold what they may need', async () => {
  const forms = new FormReader({
    ...{ maxBytes: 1000 * KB, maxBytesHeld: 1000 * KB, firstBytes: 10 * KB },
  });
  const stalled = [slowForm(600 * KB), slowForm(600 * KB), slowForm(600 * KB)];
  const reading = Promise.allSettled(stalled.map(({ request }) => forms.read(request)));
  const other = await forms.read(requestOf(100 * KB));
  expect(filesOf(other.form)).toHaveLength(1);
  other.release();
  for (const { goOn } of stalled) goOn();
  // There is no room for all of them at once.
  const ends = await reading;
  expect(ends.some(({ status }) => status === 'fulfilled')).toBe(true);
  for (const end of ends) {
    if (end.status === 'fulfilled') end.value.release();
    else expect((end.reason as DecodeError).code).toBe('busy');
  }
  const last = await forms.read(requestOf(900 * KB));
  expect(filesOf(last.form)).toHaveLength(1);
});

test('a form is recognized by its type, also as one of several', () => {
  for (const type of [
    'Multipart/Form-Data; boundary=x',
    'text/plain, multipart/form-data; boundary=x',
    'image/png,multipart/form-data;boundary=x',
    'multipart/form-data, text/plain',
  ]) {
    expect(isForm(type)).toBe(true);
  }
  for (const type of [
    ...[null, '', 'multipart/form-database', 'multipart/mixed', 'text/plain'],
    'x-multipart/form-data',
  ]) {
    expect(isForm(type)).toBe(false);
  }
});

/** A form of these parts, each with its headers, under a type. */
const partsOf = (type: string, boundary: string, ...parts: readonly string[]) =>
  new Request('http://a.test', {
    method: 'POST',
    headers: { 'content-type': type },
    body: `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`,
  });
const PART = 'content-disposition: form-data; name="a"\r\n\r\n';

test('a form of too many parts is not parsed, however its boundary is written', async () => {
  const forms = new FormReader({ maxBytes: 1000 * KB, maxBytesHeld: 1000 * KB });
  for (const type of [
    'multipart/form-data; boundary=bound',
    'multipart/form-data; boundary="bound"',
    'multipart/form-data; x="; boundary=other"; boundary=bound',
    'multipart/form-data; x=";boundary=a,b"; boundary=bound',
  ]) {
    const many = Array<string>(1000).fill(PART);
    expect(await codeOf(forms.read(partsOf(type, 'bound', ...many)))).toBe('unreadable');
  }
  const most = Array<string>(999).fill(PART);
  const read = await forms.read(partsOf('multipart/form-data; boundary=bound', 'bound', ...most));
  expect([...read.form.keys()]).toHaveLength(999);
  read.release();
});

test('headers of a part are short: the parser takes 300 ms for a megabyte of them', async () => {
  const forms = new FormReader({ maxBytes: 1000 * KB, maxBytesHeld: 1000 * KB });
  const type = 'multipart/form-data; boundary=bound';
  const withHeaders = (bytes: number) =>
    forms.read(partsOf(type, 'bound', PART, `x: ${'y'.repeat(bytes)}\r\n${PART}`));
  expect(await codeOf(withHeaders(17 * KB))).toBe('unreadable');
  const { form, release } = await withHeaders(15 * KB);
  expect([...form.keys()]).toEqual(['a', 'a']);
  release();
  // What a part holds has no such bound.
  const long = await forms.read(partsOf(type, 'bound', `${PART}${'z'.repeat(50 * KB)}`));
  expect(String(long.form.get('a'))).toHaveLength(50 * KB);
});
