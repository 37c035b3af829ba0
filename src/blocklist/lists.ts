import { checkInteger, checkObject, checkOptions, checkTypeOf } from '../door.js';
import {
  checkListSettings,
  copyOfSettings,
  type FetchState,
  type ListSettings,
} from '../policy.js';

/** Fetch state of a list, in JSON, as `fetchList` keeps it. */
export interface Fetched extends FetchState {
  /** generation of the blocklist when a fetch began, or when a withdrawal was lifted */
  readonly generation: number;
}

/** The settings of a list, and its fetch state. */
export interface KeptSettings extends ListSettings {
  readonly fetched?: Fetched;
}

/** The settings of all lists that have any. It does not change: each change makes another. */
export class Lists {
  readonly #settings: ReadonlyMap<string, KeptSettings>;

  /** @param settings by the names of the lists; checked and copied */
  constructor(settings: Iterable<readonly [string, KeptSettings]> = []) {
    this.#settings = new Map(settings);
  }

  /** The settings by the names of their lists. Do not modify them. */
  entries(): [string, KeptSettings][] {
    return [...this.#settings];
  }

  has(name: string): boolean {
    return this.#settings.has(name);
  }

  of(name: string): KeptSettings {
    return this.#settings.get(name) ?? {};
  }

  /** Returns these with settings of one list changed; absent ones stay. `null` removes all. */
  with(name: string, changes: KeptSettings | null): Lists {
    if (changes === null) {
      return this.has(name) ? new Lists(this.entries().filter(([other]) => other !== name)) : this;
    }
    const before = this.of(name);
    const settings = { ...before, ...copyOfKept(changes) };
    if (JSON.stringify(settings) === JSON.stringify(before)) return this;
    return new Lists(new Map(this.#settings).set(name, settings));
  }

  /**
   * The same, with fetched lists to be fetched from the start.
   * @param name of one list; undefined: all
   * @param generation of the blocklist
   */
  refetched(name: string | undefined, generation: number): Lists {
    let next: Lists = this;
    for (const [list, { fetched }] of this.#settings) {
      if (!fetched || (name ?? list) !== list) continue;
      next = next.with(list, { fetched: { ...fetched, generation, mustRefetch: true } });
    }
    return next;
  }

  isEnabled(name: string): boolean {
    return this.#settings.get(name)?.enabled ?? true;
  }

  get areAllEnabled(): boolean {
    for (const { enabled } of this.#settings.values()) if (enabled === false) return false;
    return true;
  }
}

/** As `checkListSettings`, and checks the fetch state. */
export function checkKeptSettings(settings: KeptSettings): void {
  checkOptions(settings, 'settings of a list to be an object');
  const { fetched, ...others } = settings;
  checkListSettings(others);
  if (fetched === undefined) return;
  checkObject(fetched, 'fetched: the fetch state of a list');
  checkInteger('fetched.generation', fetched.generation, 0);
  checkTypeOf('fetched.mustRefetch', fetched.mustRefetch, 'boolean');
}

/** A copy of all settings that are present. */
export function copyOfKept({ fetched, ...settings }: KeptSettings): KeptSettings {
  return {
    ...copyOfSettings(settings),
    ...(fetched !== undefined && { fetched: JSON.parse(JSON.stringify(fetched)) as Fetched }),
  };
}
