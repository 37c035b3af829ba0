import sharp from 'sharp';
import type { CheckedPixels } from '../../src/pixels.js';
import {
  type Engine,
  type EngineName,
  type EngineOptions,
  type EnginePage,
  startEngine,
} from '../browser/engines/engines.js';
import { serve } from '../browser/engines/serve.js';

/** A picture as a server sends it. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly isAnimated?: boolean;
}

/** What an engine shows of a file on one ground. */
export interface Painted {
  readonly ground: 'white' | 'black';
  readonly pixels: CheckedPixels;
}

/** Starts an engine over and over, and takes pictures off its screen. */
export interface Painter {
  readonly engine: EngineName;
  version(): string;
  /** times that the engine was started again */
  restarts(): number;
  /**
   * What is shown of each file; nothing of a file that the engine does not show.
   * @param patience so many times as long is waited for the last frames of animations
   */
  paint(files: readonly Sent[], patience?: number): Promise<(readonly Painted[])[]>;
  close(): Promise<void>;
}

/** Pixels of the window. A sheet that needs more is taken in parts. */
export const WINDOW = { width: 1300, height: 900 };
const GAP = 2;
/** Frames before the last one take less. */
const FILM_MILLISECONDS = 1200;

/**
 * The screen's colours are sRGB's, and one pixel of a page is one of the screen. Each engine manages
 * the colours of pictures as it does by itself. WebKitGTK has no such settings, and needs none.
 */
const OPTIONS: Record<EngineName, EngineOptions> = {
  chromium: {
    args: ['--force-color-profile=srgb', '--force-device-scale-factor=1', '--hide-scrollbars'],
  },
  firefox: {
    preferences: {
      'layout.css.devPixelsPerPx': '1.0',
      'gfx.color_management.force_srgb': true,
    },
  },
  webkit: {},
};

interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * Loads all files of the sheet, and lays out those that are shown. Runs in the page.
 * @param serial of the sheet: no picture is taken from the engine's memory
 */
async function layOut(
  serial: number,
  count: number,
  width: number,
  height: number,
  gap: number,
): Promise<(Place | null)[]> {
  document.body.textContent = '';
  const images = Array.from({ length: count }, (_, i) => {
    const image = new Image();
    image.decoding = 'sync';
    image.style.cssText = 'position:absolute;left:-5000px;top:0;max-width:none;display:block';
    const loaded = new Promise<boolean>((resolve) => {
      image.onload = () => resolve(image.naturalWidth > 0);
      image.onerror = () => resolve(false);
    });
    image.src = `/f/${i}?${serial}`;
    return { image, loaded };
  });
  const shown = await Promise.all(images.map(({ loaded }) => loaded));
  let [left, top, row] = [0, 0, 0];
  return images.map(({ image }, i) => {
    if (!shown[i]) return null;
    document.body.append(image);
    const box = { width: image.width, height: image.height };
    if (left + box.width > width && left > 0) [left, top, row] = [0, top + row + gap, 0];
    const place = { left, top, ...box };
    image.style.left = `${left}px`;
    image.style.top = `${top}px`;
    left += box.width + gap;
    row = Math.max(row, box.height);
    return place.top + place.height <= height && place.width <= width
      ? place
      : { ...place, top: -1 };
  });
}

const PAGE = `<!doctype html><meta charset="utf-8"><style>
html, body { margin: 0; background: #fff; overflow: hidden }</style><body>`;

/** A painter by an engine of its own; it starts with the first sheet. */
export function createPainter(name: EngineName): Painter {
  let files: readonly Sent[] = [];
  const site = serve((path) => {
    if (path === '/') return { body: PAGE };
    const file = files[Number(path.slice('/f/'.length))];
    return file && { body: file.bytes, headers: { 'content-type': file.type } };
  });
  let engine: Engine | undefined;
  let page: EnginePage | undefined;
  let version = '';
  let starts = 0;
  let serial = 0;

  async function ready(): Promise<EnginePage> {
    if (page) return page;
    engine = await startEngine(name, OPTIONS[name]);
    starts++;
    version = engine.version;
    page = await engine.page();
    await page.resize(WINDOW.width, WINDOW.height);
    await page.goto(`${(await site).url}/`);
    return page;
  }

  async function end(): Promise<void> {
    const ending = engine;
    engine = page = undefined;
    await ending?.close().catch(() => {});
  }

  async function sheet(sent: readonly Sent[], patience: number): Promise<(readonly Painted[])[]> {
    files = sent;
    const window = await ready();
    const size = await window.evaluate(() => ({ width: innerWidth, height: innerHeight }));
    const places = await window.evaluate(
      layOut,
      serial++,
      sent.length,
      size.width,
      size.height,
      GAP,
    );
    if (sent.some(({ isAnimated }) => isAnimated)) await pause(patience * FILM_MILLISECONDS);
    const painted: Painted[][] = sent.map(() => []);
    for (const ground of ['white', 'black'] as const) {
      await window.evaluate(async (colour) => {
        document.body.style.background = colour;
        document.documentElement.style.background = colour;
        for (let i = 0; i < 2; i++) await new Promise((next) => requestAnimationFrame(next));
      }, ground);
      const screen = await pixelsOf(await window.screenshot());
      places.forEach((place, i) => {
        if (place && place.top >= 0) painted[i]!.push({ ground, pixels: part(screen, place) });
      });
    }
    // What had no room is taken on a sheet of its own, unless it is larger than the window.
    const left = places.flatMap((place, i) =>
      place && place.top < 0 && place.width <= size.width && place.height <= size.height ? [i] : [],
    );
    if (left.length > 0 && left.length < sent.length) {
      const more = await sheet(
        left.map((i) => sent[i]!),
        patience,
      );
      left.forEach((i, j) => {
        painted[i]!.push(...more[j]!);
      });
    }
    return painted;
  }

  async function paint(sent: readonly Sent[], patience: number): Promise<(readonly Painted[])[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await within(120_000, sheet(sent, patience));
      } catch (error) {
        await end();
        if (attempt < 3) continue;
        if (sent.length === 1) throw error;
        // One file may end the engine: the others are shown without it.
        const painted: (readonly Painted[])[] = [];
        for (const one of sent) {
          painted.push(...(await paint([one], patience).catch(() => [[] as Painted[]])));
        }
        return painted;
      }
    }
  }

  // There is one window.
  let last: Promise<unknown> = Promise.resolve();
  return {
    engine: name,
    version: () => version,
    restarts: () => starts - 1,
    paint(sent, patience = 1) {
      const next = last.then(() => paint(sent, patience));
      last = next.catch(() => {});
      return next;
    },
    async close() {
      await last;
      await end();
      await (await site).close();
    },
  };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the engine does not answer')), milliseconds);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function pixelsOf(screenshot: Uint8Array): Promise<CheckedPixels> {
  const { data, info } = await sharp(screenshot)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 3 };
}

function part(screen: CheckedPixels, { left, top, width, height }: Place): CheckedPixels {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const at = 3 * ((top + y) * screen.width + left);
    data.set(screen.data.subarray(at, at + 3 * width), 3 * y * width);
  }
  return { data, width, height, channels: 3 };
}
