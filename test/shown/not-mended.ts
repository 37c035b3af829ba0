/**
 * Features whose files are shown as a picture that is not looked at: known, and not mended yet. A
 * name ends with its feature, and may leave out the format.
 */
export const NOT_MENDED: readonly string[] = [
  // colours that a profile or chunks change
  ...[
    'permuted',
    'permuted-per-channel',
    'folded',
    'nibbles',
    'halves',
    'red-alone',
    'green-alone',
    'blue-alone',
    'blue-alone-para',
    'blue-mostly',
    'blue-by-flat-curves',
    'blue-by-black-curves',
    'blue-less-red',
    'lut-blue',
    'lut-beside-matrix',
    'lut-perceptual-alone',
    'of-lab',
    'of-printers',
    'of-links',
    'band-in-the-bright',
    'grey-permuted',
    'chromaticities-blue',
    'srgb-chunk-with-profile',
    'gamma-with-profile',
    'in-parts',
    'in-parts-turned',
    'a-part-twice',
    'profile-amid',
    'profile-before-jfif',
    'profile-after',
    'profile-and-codes',
    'profile-before-codes',
    'profile-restricted',
  ].map((name) => `colour/${name}`),
  // geometry
  'avif/geometry/cut-at-an-offset',
  'avif/geometry/cut-at-the-centre',
  'avif/geometry/cut-to-much-less',
  ...[
    'screen-larger',
    'screen-much-larger',
    'screen-larger-and-offset',
    'screen-of-terminals',
    'screen-of-800',
    'screen-wider-alone',
    'frame-outside',
  ].map((name) => `gif/geometry/${name}`),
  // transparency
  'webp/transparency/flag-missing',
  ...[
    'black-alone',
    'white-alone',
    'two-grounds',
    'two-grounds-turned',
    'decoy-under-picture',
    'premultiplied-half',
  ].map((name) => `transparency/${name}`),
  // frames
  ...[
    'short-then-long',
    'ten-milliseconds',
    'no-time',
    'once-then-stays',
    'once-longer-first',
    'last-of-twelve',
    'amid-twelve',
    'in-tiles',
    'all-but-an-edge',
    'cleared-before',
    'restored',
    'nothing-over',
    'through-holes',
    'holes-replace',
    'clear-first',
    'long-twice',
    'default-is-none',
    'default-is-none-short-then-long',
    'more-counted',
    'no-delays',
    'no-controls',
    'first-smaller',
  ].map((name) => `frames/${name}`),
];

/** Whether a file has one of these features. */
export const isNotMended = (features: readonly string[]) =>
  features.some((feature) => NOT_MENDED.some((name) => `/${feature}`.endsWith(`/${name}`)));
