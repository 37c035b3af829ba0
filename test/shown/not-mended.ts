/**
 * Features whose files are shown as a picture that is not looked at: known, and not mended yet. A
 * name may leave out the format. One with a plus sign is of a mixture.
 */
export const NOT_MENDED: readonly string[] = [];

const isOf = (features: readonly string[], name: string) =>
  name.split('+').every((part) => features.some((feature) => `/${feature}`.endsWith(`/${part}`)));

/** Whether a file has one of these features. */
export const isNotMended = (features: readonly string[]) =>
  NOT_MENDED.some((name) => isOf(features, name));
