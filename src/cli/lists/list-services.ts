import {
  HmaClient,
  type HmaOptions,
  type ListClient,
  NcmecClient,
  type NcmecOptions,
  type ServiceOptions,
  StopNciiClient,
  TechAgainstTerrorismClient,
  ThreatExchangeClient,
} from '../../services/index.js';
import { jsonIn } from '../failure.js';

/** Members of a list in a CONFIG; the client checks them. */
export type ServiceSettings = Record<string, unknown>;

/** A service whose lists can be fetched. */
interface ListService {
  /** members that choose one of its lists */
  readonly settings: readonly string[];
  /** further options of its client */
  readonly options?: readonly string[];
  /** its credentials; true if one is required */
  readonly credentials: Readonly<Record<string, boolean>>;
  connect(secrets: Record<string, string>, settings: ServiceSettings): ListClient<unknown>;
}

/** The services by their names in a CONFIG. */
export const LIST_SERVICES: Readonly<Record<string, ListService>> = {
  stopncii: {
    settings: [],
    credentials: { subscriptionKey: true, fetchHashesKey: true, submitFeedbackKey: false },
    connect: ({ subscriptionKey = '', ...keys }, options) =>
      new StopNciiClient({ subscriptionKey, ...keys }, options as ServiceOptions),
  },
  ncmec: {
    settings: ['list'],
    credentials: { user: true, password: true },
    // NCMEC's environments are lists to a platform: a CONFIG and a store call them `list`.
    connect: ({ user = '', password = '' }, { list: environment, ...options }) =>
      new NcmecClient({ user, password }, { ...options, environment } as NcmecOptions),
  },
  threatexchange: {
    settings: ['privacyGroup'],
    credentials: { accessToken: true },
    connect: ({ accessToken = '' }, { privacyGroup, ...options }) =>
      new ThreatExchangeClient({ accessToken }, privacyGroup as string, options),
  },
  techagainstterrorism: {
    settings: [],
    credentials: { username: true, password: true },
    connect: ({ username = '', password = '' }, options) =>
      new TechAgainstTerrorismClient({ username, password }, options),
  },
  hma: {
    settings: ['bank'],
    options: ['maxMissing'],
    credentials: { token: false },
    connect({ token }, { bank, ...options }) {
      if (typeof bank !== 'string') throw new TypeError('expected bank to be text');
      return new HmaClient({
        ...(options as unknown as HmaOptions),
        bank,
        ...(token && { token }),
      });
    },
  },
};

export const serviceNamed = (name: string): ListService | undefined =>
  Object.hasOwn(LIST_SERVICES, name) ? LIST_SERVICES[name] : undefined;

/**
 * A service and the settings that choose one of its lists, as text: the identity of a provenance. A
 * list that moves between a CONFIG and a store's feeds keeps it, and is not fetched again.
 */
export function provenanceOf(service: string, settings: ServiceSettings): string {
  const chosen = [...(serviceNamed(service)?.settings ?? []), 'baseUrl'];
  return JSON.stringify([service, ...chosen.map((each) => settings[each] ?? null)]);
}

/** The service of a provenance; undefined for an unknown one. */
export function serviceOfProvenance(provenance = ''): string | undefined {
  const json = jsonIn(provenance);
  const [service] = Array.isArray(json) ? json : [];
  return typeof service === 'string' && serviceNamed(service) ? service : undefined;
}
