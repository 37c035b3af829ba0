/**
 * Features whose files are shown as a picture that is not looked at: known, and not mended yet. A
 * name may leave out the format. One with a plus sign is of a mixture.
 */
export const NOT_MENDED: readonly string[] = [
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
  'colour/cicp-bad-with-profile',
  // an animation's frames have no look by its profile
  'frames/short-then-long+colour/blue-mostly',
  // engines place frames on a screen that they leave in different ways
  'frames/amid-twelve+gif/geometry/frame-outside',
  'frames/first-smaller+gif/geometry/screen-of-one',
  'frames/short-then-long+gif/geometry/frame-wholly-outside',
  'frames/no-controls+gif/geometry/frame-wholly-outside',
  // alpha of planes that are read as other colours, or turned otherwise than the picture
  'avif/transparency/premultiplied-half+avif/colour/codes-identity-blue',
  'avif/transparency/cut-out+avif/geometry/turn-first',
];

const isOf = (features: readonly string[], name: string) =>
  name.split('+').every((part) => features.some((feature) => `/${feature}`.endsWith(`/${part}`)));

/** Whether a file has one of these features. */
export const isNotMended = (features: readonly string[]) =>
  NOT_MENDED.some((name) => isOf(features, name));
