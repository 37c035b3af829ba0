import { expect, test } from 'vitest';
import { hashFromHex } from '../../src/hash.js';
import { openStore } from '../../src/store/sql/open-store.js';
import { describeEngines } from './engines.js';

describeEngines(({ newPlace }) => {
  test('a closed store reports it, and can be closed again', async () => {
    const store = await openStore(await newPlace());
    const follower = await store.follow();
    const closings = [follower.close(), follower.close()];
    let isClosed = false;
    void closings[1]!.then(() => {
      isClosed = true;
    });
    await closings[0];
    await Promise.resolve();
    expect(isClosed).toBe(true);
    await store.close();
    await store.close();
    await expect(store.revision()).rejects.toMatchObject({ code: 'closed' });
    const hash = hashFromHex('pdq', '0123456789abcdef'.repeat(4));
    await expect(store.apply({ withdraw: [hash] })).rejects.toMatchObject({ code: 'closed' });
    await expect(store.follow()).rejects.toMatchObject({ code: 'closed' });
  });
});
