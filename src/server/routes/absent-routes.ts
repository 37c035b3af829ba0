/** An option that adds routes. */
interface Added {
  /** the paths that it adds, and all below them */
  readonly paths: readonly string[];
  /** the same as an option of the program's `serve`; absent: it has none, or always serves them */
  readonly flag?: string;
}

/** The options that add routes, each with their paths. */
const ADDED: Readonly<Record<string, Added>> = {
  review: { paths: ['/review'], flag: '--store and --review-days' },
  intake: { paths: ['/v1/cases', '/desk', '/stopncii/v1'], flag: '--store and --intake' },
  scan: { paths: ['/v1/scan'], flag: '--routes with "scan"' },
  webhook: { paths: ['/v1/decisions'], flag: '--store, --review-days and --routes with "webhook"' },
  scanBlob: { paths: ['/xrpc'], flag: '--routes with "scanBlob"' },
  hma: { paths: ['/h', '/m', '/c', '/status', '/openapi', '/site-map'] },
  curation: { paths: ['/v1/changes', '/v1/entries', '/v1/lists', '/v1/reviews'], flag: '--store' },
};

/**
 * Names the option that would serve a path, if the service lacks it. It says the same to everybody,
 * and nothing of the options that are given.
 * @param options those of the service
 * @returns undefined if no option would
 */
export function absentRoute(options: object, path: string): string | undefined {
  for (const [option, { paths, flag }] of Object.entries(ADDED)) {
    const start = paths.find((each) => path === each || path.startsWith(`${each}/`));
    if (start === undefined || Reflect.get(options, option)) continue;
    return `${start} needs the option ${option}${flag ? `, or serve ${flag}` : ''}`;
  }
  return undefined;
}
