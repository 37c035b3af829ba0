import { AllowList } from './allow-list.js';
import type { Rules } from './decide.js';
import type { Decision } from './decision.js';
import { countingOnce, FloodGuard } from './flood-guard.js';

/** Who watches the hits of a blocklist. */
export interface WatchOptions {
  /** what matched wrongly, by `createAllowList`; blocklists may share it */
  allowList?: AllowList;
  /** looks for entries that suddenly match many uploads, by `createFloodGuard` */
  floodGuard?: FloodGuard;
}

/** The allow list and the flood guard of a blocklist, if it has them. */
export class Watch {
  readonly #allowList: AllowList | undefined;
  readonly #floodGuard: FloodGuard | undefined;

  /** @throws {TypeError} if an option is invalid */
  constructor({ allowList, floodGuard }: WatchOptions) {
    if (allowList !== undefined && !(allowList instanceof AllowList)) {
      throw new TypeError('expected allowList to be made by createAllowList');
    }
    if (floodGuard !== undefined && !(floodGuard instanceof FloodGuard)) {
      throw new TypeError('expected floodGuard to be made by createFloodGuard');
    }
    this.#allowList = allowList;
    this.#floodGuard = floodGuard;
  }

  /** Goes up with each change of either. */
  get generation(): number {
    return (this.#allowList?.generation ?? 0) + (this.#floodGuard?.generation ?? 0);
  }

  /** For one picture, which counts once, however often it is searched. */
  rules(): Pick<Rules, 'allowList' | 'isFlooded'> {
    return {
      allowList: this.#allowList,
      isFlooded: this.#floodGuard && countingOnce(this.#floodGuard),
    };
  }

  /** A decision, once its allowed hits are told. */
  told(decision: Decision): Decision {
    const { allowed = [], elsewhere = [] } = decision;
    const hits = [...allowed, ...elsewhere.filter((match) => match.allowed !== undefined)];
    for (const match of hits) this.#allowList?.onAllowed?.(match);
    return decision;
  }
}
