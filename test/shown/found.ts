/**
 * Mixtures of features that were once shown and not looked at. Each is in every run, so that it
 * stays mended.
 */
export const FOUND: readonly (readonly string[])[] = [
  // What is seen by transparency, turned.
  ['webp/transparency/cut-out', 'webp/geometry/8'],
  ['webp/coding/lossy', 'webp/transparency/one-bit', 'webp/geometry/5'],
  ['avif/transparency/cut-out', 'avif/geometry/turn-first'],
  ['avif/transparency/cut-out', 'avif/geometry/exif-and-turn'],
  ['avif/transparency/premultiplied', 'avif/geometry/mirror-0'],
  ['png/transparency/key-hides-decoy', 'png/geometry/4'],
  ['png/frames/none-counted', 'png/transparency/one-bit', 'png/geometry/7'],
  ['png/frames/control-late', 'png/transparency/key-hides-decoy', 'png/geometry/5'],
  ['png/samples/greyAlpha', 'png/frames/fewer-counted', 'png/transparency/one-bit'],
  ['avif/transparency/alpha-old-name', 'avif/geometry/2', 'avif/pictures/overlay'],
  // Colours of a profile, turned or transparent.
  ['webp/coding/lossy', 'webp/colour/lut', 'webp/geometry/5'],
  ['avif/transparency/rows-hidden', 'avif/colour/inverted-para'],
  ['webp/frames/on-a-coloured-ground', 'webp/colour/inverted'],
  ['jpeg/coding/rgb-undeclared', 'jpeg/colour/gamma-tenth', 'jpeg/geometry/4'],
  ['avif/colour/gamma-tenth', 'avif/geometry/2'],
  // WebKitGTK gives a profile what alpha has been multiplied into.
  ['png/transparency/white-alone', 'png/colour/gamma-8'],
  ['png/colour/cicp-bad-with-profile', 'png/geometry/twice'],
  // Firefox paints half of a turned picture that is interlaced.
  ...['2', '3', '4', '5', '6', '7', '8'].map((name) => [
    `png/geometry/${name}`,
    'png/container/interlaced',
  ]),
  // The rows behind the chunk are not shown by all.
  ['png/samples/grey16', 'png/container/chunk-amid-data'],
  ['png/frames/long-then-short', 'png/container/chunk-amid-data'],
  // Engines have a palette of their own.
  ['gif/transparency/bright-half-clear', 'gif/colour/palette-absent'],
  ['gif/transparency/holes-at-random', 'gif/colour/palette-absent'],
  ['avif/transparency/faint', 'avif/geometry/turned-and-cut'],
  ['avif/transparency/alpha-old-name', 'avif/geometry/cut-and-turned'],
  // Firefox and WebKit take the frame for the screen.
  ['gif/transparency/bright-half-clear', 'gif/geometry/screen-larger', 'gif/container/version-87'],
  // Frames under a profile, and on a screen of other sides.
  ['png/samples/grey16', 'png/frames/short-then-long', 'png/colour/blue-mostly'],
  ['gif/frames/amid-twelve', 'gif/geometry/frame-outside'],
  ['gif/frames/first-smaller', 'gif/geometry/screen-of-one'],
  ['gif/frames/short-then-long', 'gif/geometry/frame-wholly-outside'],
  ['gif/frames/first-smaller', 'gif/geometry/screen-of-none'],
  ['gif/frames/first-smaller', 'gif/container/version-87'],
  // Alpha beside planes that are read as other colours.
  ['avif/transparency/premultiplied-half', 'avif/colour/codes-identity-blue'],
  // A browser turns no WebP, and parts of so fine a picture are not found again by sampling.
  ['webp/coding/lossy', 'webp/transparency/one-bit', 'webp/geometry/with-identifier'],
];
