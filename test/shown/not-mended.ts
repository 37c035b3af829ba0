/**
 * Features whose files are shown as a picture that is not looked at: known, and not mended yet. A
 * name may leave out the format. One with a plus sign is of a mixture.
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
  'avif/geometry/cut-from-the-start',
  'avif/geometry/cut-and-turned',
  'avif/geometry/cut-not-essential',
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
  'geometry/2+container/interlaced',
  'geometry/3+container/interlaced',
  'geometry/4+container/interlaced',
  'geometry/5+container/interlaced',
  'geometry/6+container/interlaced',
  'geometry/7+container/interlaced',
  'geometry/8+container/interlaced',
  'avif/geometry/turned-and-cut',
  'png/container/chunk-amid-data',
  'gif/colour/palette-absent',
  'colour/lut',
  'colour/inverted',
  'colour/inverted-para',
  'colour/gamma-tenth',
  'colour/gamma-8',
  'colour/gamma-dark',
  'colour/cicp-bad-with-profile',
];

const isOf = (features: readonly string[], name: string) =>
  name.split('+').every((part) => features.some((feature) => `/${feature}`.endsWith(`/${part}`)));

/** Whether a file has one of these features. */
export const isNotMended = (features: readonly string[]) =>
  NOT_MENDED.some((name) => isOf(features, name));
