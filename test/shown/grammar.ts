import { random } from '../../bench/workloads.js';
import { oneOf, type Scene, sceneOf } from './raster.js';

/** A change of a file that is being made. */
export type Step<Plan> = (plan: Plan, scene: Scene) => unknown;

/** Sets members of a file that is being made. */
export const having =
  <Plan>(members: Partial<NoInfer<Plan>>): Step<Plan> =>
  (plan) =>
    Object.assign(plan as object, members);

/** A step for each name. */
export const named = <T>(names: readonly string[], make: (name: string) => T) =>
  Object.fromEntries(names.map((name) => [name, make(name)]));

/** A step for each EXIF orientation. */
export const orientations = <Plan>(put: (plan: Plan, orientation: number) => unknown) =>
  named(
    ['1', '2', '3', '4', '5', '6', '7', '8'],
    (name): Step<Plan> =>
      (plan) =>
        put(plan, Number(name)),
  );

/** Bytes after the end of the file. */
export const trailing: Step<{ trailing: Uint8Array }> = (plan, { next }) => {
  plan.trailing = Buffer.alloc(1 + (next() % 300), 7);
};

/** A file format: how a file of it begins, what can be done to it, and its writer. */
export interface Format<Plan> {
  readonly name: string;
  readonly type: string;
  /** a plain file of the listed picture */
  begin(scene: Scene): Plan;
  /** by group, in the order in which they apply: a file has at most one feature of each */
  readonly groups: Readonly<Record<string, Readonly<Record<string, Step<Plan>>>>>;
  write(plan: Plan, scene: Scene): Promise<Uint8Array>;
}

/** A picture file that a browser may show. */
export interface OddFile {
  readonly format: string;
  readonly type: string;
  /** `format/group/feature` of each; none: a plain file */
  readonly features: readonly string[];
  readonly seed: number;
  readonly isAnimated: boolean;
  readonly bytes: Uint8Array;
}

/** All names of a format. */
export const featuresOf = (format: Format<never>): string[] =>
  Object.entries(format.groups).flatMap(([group, features]) =>
    Object.keys(features).map((feature) => `${format.name}/${group}/${feature}`),
  );

/** The file of a format with these features, by the seed alone. */
export async function oddFile<Plan>(
  format: Format<Plan>,
  features: readonly string[],
  seed: number,
): Promise<OddFile> {
  const scene = await sceneOf(random(seed));
  const plan = format.begin(scene);
  for (const [group, steps] of Object.entries(format.groups)) {
    for (const [name, step] of Object.entries(steps)) {
      if (features.includes(`${format.name}/${group}/${name}`)) await step(plan, scene);
    }
  }
  const bytes = await format.write(plan, scene);
  const isAnimated = features.some((name) => name.split('/')[1] === 'frames');
  return { format: format.name, type: format.type, features, seed, isAnimated, bytes };
}

/** Names of one file: a feature of some groups, at least of one. */
export function featuresBy(format: Format<never>, next: () => number): string[] {
  const groups = Object.entries(format.groups);
  const wanted = 1 + (next() % Math.min(3, groups.length));
  const chosen = new Set<string>();
  while (chosen.size < wanted) chosen.add(oneOf(groups, next)[0]);
  return groups.flatMap(([group, features]) =>
    chosen.has(group) ? [`${format.name}/${group}/${oneOf(Object.keys(features), next)}`] : [],
  );
}
