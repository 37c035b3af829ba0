import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import {
  checkedOptions,
  checkOptions,
  checkTypeOf,
  choice,
  integer,
  number,
  type OptionCheck,
  type OptionTable,
  tableOf,
  texts,
  wrongKind,
  wrongRange,
} from '../../door.js';
import { type Caller, Refusal, ROLES, type Role } from './route.js';

/** Limits of a caller. */
export interface Limits {
  /**
   * average rate; bursts may be twice as large. A request that searches more than 25 hashes counts
   * once per 25, a picture about 3 times
   * @defaultValue 100
   */
  readonly requestsPerSecond?: number | undefined;
  /**
   * answers about the list in 24 hours. Each searched hash is one, an unlisted picture about 70.
   * The last picture of a day may exceed the limit
   * @defaultValue no limit: a caller with unlimited queries can find out what is listed
   */
  readonly answersPerDay?: number | undefined;
}

/** A token, by its hash. */
export interface TokenRule extends Limits {
  /** unique name for logs and metrics */
  readonly name: string;
  /** as `tokenHash` gives it */
  readonly hash: string;
  readonly role: Role;
}

/** A network whose callers need no token. */
export interface NetworkRule extends Limits {
  /** `10.1.0.0/16`, `fd00:1::/64`, or one address */
  readonly cidr: string;
  readonly role: Role;
  /**
   * for logs and metrics
   * @defaultValue its CIDR
   */
  readonly name?: string | undefined;
}

/** Access rules of callers. */
export interface AccessOptions {
  readonly tokens?: readonly TokenRule[] | undefined;
  /**
   * networks whose callers need no token. Anyone who reaches the port from there has the role,
   * including other programs and users of the machine. So does the whole world through a proxy
   * there that adds no header, such as nginx without `proxy_set_header`: in that case give tokens,
   * or `[]`. A request with a header that proxies add needs a token
   * @defaultValue loopback as `admin` if there are no tokens, else none
   */
  readonly trustNetworks?: readonly NetworkRule[] | undefined;
  /**
   * more host names that callers without a token may use. Addresses, names without a dot, and names
   * under `local`, `internal`, `localhost`, `home.arpa` and `svc` are accepted anyway, except on
   * loopback
   * @defaultValue none
   */
  readonly hostNames?: readonly string[] | undefined;
}

/** A caller, with its limits. */
export interface KnownCaller extends Caller {
  readonly limits: Limits;
}

/** A list of objects with options. */
const rules: OptionCheck = (name, value, { options = {} }) => {
  if (!Array.isArray(value)) wrongKind(`${name} to be a list`);
  for (const rule of value as object[]) {
    checkOptions(rule, `each of ${name} to be an object`);
    checkedOptions(rule, options);
  }
};

const ruleName: OptionCheck = (_, value) => {
  if (typeof value !== 'string' || value === '') wrongKind('a name in each rule');
};

const hashOfToken: OptionCheck = (_, value) => {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return;
  wrongKind('the hash of a token to come from tokenHash');
};

const network: OptionCheck = (_, value) => void networkOf(value as string);

/** Host names, without a port. */
const hostNames: OptionCheck = (name, value, ...option) => {
  texts(name, value, ...option);
  const isName = (one: string) => /^[\w.-]+$/.test(one);
  if (!(value as string[]).every(isName)) wrongRange(`${name} such as hashes.example.org`);
};

/** Average rate of one caller. */
export const REQUESTS_PER_SECOND = 100;
const LIMITS = {
  requestsPerSecond: { is: number, least: 0.001, default: REQUESTS_PER_SECOND },
  answersPerDay: { is: integer },
} as const satisfies OptionTable<Limits>;
const ROLE = { is: choice, of: ROLES, required: true } as const;

export const TOKEN_RULE = /* @__PURE__ */ tableOf(LIMITS, {
  name: { is: ruleName, required: true },
  hash: { is: hashOfToken, required: true },
  role: ROLE,
}) satisfies OptionTable<TokenRule>;

export const NETWORK_RULE = /* @__PURE__ */ tableOf(LIMITS, {
  cidr: { is: network, required: true },
  role: ROLE,
  name: { is: ruleName },
}) satisfies OptionTable<NetworkRule>;

export const ACCESS_OPTIONS = {
  tokens: { is: rules, options: TOKEN_RULE, default: [] },
  trustNetworks: { is: rules, options: NETWORK_RULE },
  hostNames: { is: hostNames, default: [] },
} as const satisfies OptionTable<AccessOptions>;

const LOOPBACK: readonly NetworkRule[] = [
  { cidr: '127.0.0.0/8', role: 'admin', name: 'loopback' },
  { cidr: '::1/128', role: 'admin', name: 'loopback' },
];

/**
 * Headers that proxies add: the address of the connection is then the proxy's, not the client's.
 * `traceparent` is not one, since programs that trace their own requests send it too.
 */
const FORWARDING: ReadonlySet<string> = /* @__PURE__ */ new Set([
  // RFC 9110, RFC 7239, RFC 8586, and caches that assemble pages
  ...['via', 'forwarded', 'cdn-loop', 'surrogate-capability'],
  // nginx and its Kubernetes ingress, HAProxy, Envoy; Varnish; IIS
  ...['x-real-ip', 'x-request-id', 'x-scheme', 'x-varnish', 'x-arr-log-id', 'x-arr-ssl'],
  // load balancers, Akamai and Cloudflare; CloudFront; Google
  ...['client-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'x-amz-cf-id'],
  'x-cloud-trace-context',
]);

/** Prefixes of such names: any proxy; Envoy; Cloudflare; AWS; Azure, IIS; Fastly; Akamai. */
const OF_PROXIES =
  /^(x-forwarded|x-envoy-|cf-|x-amzn-|cloudfront-|x-azure-|x-original-|fastly-|(x-)?akamai-)/;

/**
 * Headers that browsers send: a page open in one would call with the rights of the user's network.
 * `sec-fetch-mode` is not one, since Node's `fetch` sends it.
 */
const OF_BROWSERS = ['origin', 'sec-fetch-site'];

const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Names that no stranger can own: local to a machine or a network. */
const PRIVATE_NAME = /^[\w-]+$|\.(local|internal|localhost|home\.arpa|svc)$/;

/** Bound of the cache of addresses: 200 kB. */
const MOST_ADDRESSES = 1000;

interface Network {
  readonly caller: KnownCaller;
  readonly addresses: BlockList;
}

const UNKNOWN_TOKEN =
  'a caller on a trusted network sends an unknown token: it is served, as it needs none';

/** Identifies callers by their token, or by the network of their connection. */
export class Access {
  readonly #tokens: readonly { readonly digest: Buffer; readonly caller: KnownCaller }[];
  readonly #networks: readonly Network[];
  readonly #hostNames: readonly string[];
  #onUnknownToken: ((error: Error) => void) | undefined;
  readonly #loopback = LOOPBACK.map(({ cidr }) => networkOf(cidr));
  /** cache by address, since checking networks takes longer than a look-up */
  readonly #known = new Map<string, { isHere: boolean; caller: KnownCaller | undefined }>();

  /**
   * @param onUnknownToken called once, if a caller that needs no token sends an unknown one
   * @throws {TypeError | RangeError} if a rule is invalid
   */
  constructor(options: AccessOptions, onUnknownToken?: (error: Error) => void) {
    const { tokens, trustNetworks, hostNames } = checkedOptions(options, ACCESS_OPTIONS);
    this.#onUnknownToken = onUnknownToken;
    this.#hostNames = hostNames.map((name) => name.toLowerCase());
    const networks = trustNetworks ?? (tokens.length === 0 ? LOOPBACK : []);
    this.#tokens = tokens.map((rule) => ({
      digest: Buffer.from(rule.hash, 'hex'),
      caller: callerOf(rule, rule.name),
    }));
    const names = new Set(this.#tokens.map(({ caller }) => caller.name));
    if (names.size < tokens.length) throw new RangeError('expected tokens with different names');
    this.#networks = networks.map((rule) => {
      const { cidr, name = cidr } = rule;
      const addresses = networkOf(cidr);
      const caller = callerOf(rule, name);
      // Two rules of one name would share a quota.
      if (names.has(caller.name)) {
        throw new RangeError('expected tokens and networks with different names');
      }
      return { caller, addresses };
    });
  }

  /**
   * Identifies the sender of a request. Without a known token, the address decides. An unknown one
   * is refused only where one is needed, since some clients always send one. The address does not
   * count if the request came through a proxy, whose address proves nothing, or from a browser,
   * where any page may send it. The request must also use a host name that no stranger can own. A
   * stranger's name may be pointed here, and a browser on the network would then give that
   * stranger's page the answers without sending an origin.
   * @param address that of the connection; empty for a socket without one
   * @throws {Refusal} 401 if the caller is unknown
   */
  callerOf({ headers }: Pick<Request, 'headers'>, address: string): KnownCaller {
    const authorization = headers.get('authorization');
    if (authorization !== null) {
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      const caller = token === undefined ? undefined : this.callerOfToken(token);
      if (caller) return caller;
      if (token === undefined) throw unknownCaller();
    }
    if (OF_BROWSERS.some((name) => headers.has(name))) throw unknownCaller();
    for (const name of headers.keys()) {
      if (FORWARDING.has(name) || OF_PROXIES.test(name)) throw unknownCaller();
    }
    const { isHere, caller } = this.#ofAddress(address);
    if (caller && this.#isOwnName(headers.get('host'), isHere)) {
      if (authorization !== null) {
        this.#onUnknownToken?.(new Error(UNKNOWN_TOKEN));
        this.#onUnknownToken = undefined;
      }
      return caller;
    }
    throw unknownCaller();
  }

  /** Network rule of an address, and if it is loopback. */
  #ofAddress(address: string): { isHere: boolean; caller: KnownCaller | undefined } {
    const known = this.#known.get(address);
    if (known) return known;
    const family = isIP(address);
    if (family === 0) throw unknownCaller();
    const type = family === 4 ? 'ipv4' : 'ipv6';
    const isHere = this.#loopback.some((addresses) => addresses.check(address, type));
    const network = this.#networks.find(({ addresses }) => addresses.check(address, type));
    const found = { isHere, caller: network?.caller };
    // Strangers may have many addresses.
    if (this.#known.size === MOST_ADDRESSES) this.#known.clear();
    this.#known.set(address, found);
    return found;
  }

  /**
   * Owner of a token; undefined if it is unknown. The time it takes reveals nothing of valid
   * tokens. For routes that get the token from somewhere other than the header.
   */
  callerOfToken(token: string): KnownCaller | undefined {
    return this.#callerOf(createHash('sha256').update(token).digest());
  }

  /**
   * Owner of the token with this hash, from `tokenHash`; undefined if there is none. For sessions,
   * which end with their token.
   */
  callerOfHash(hash: string): KnownCaller | undefined {
    const given = Buffer.from(hash, 'hex');
    return given.length === 32 ? this.#callerOf(given) : undefined;
  }

  /** @param host the header's value; only browsers lead strangers here, and they send it */
  #isOwnName(host: string | null, isHere: boolean): boolean {
    if (host === null) return true;
    const name = host.toLowerCase().replace(/:\d{1,5}$/, '');
    if (this.#hostNames.includes(name)) return true;
    if (isHere) return LOCAL_HOST.test(name);
    return PRIVATE_NAME.test(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
  }

  #callerOf(given: Buffer): KnownCaller | undefined {
    let found: KnownCaller | undefined;
    for (const { digest, caller } of this.#tokens) {
      if (timingSafeEqual(digest, given)) found = caller;
    }
    return found;
  }
}

/** True if a caller of this role may do what requires `needed`. */
export const mayDo = (role: Role, needed: Role): boolean =>
  role === needed || role === 'admin' || (role === 'curate' && needed === 'match');

const unknownCaller = () =>
  new Refusal('unauthorized', 'expected a known token', { 'www-authenticate': 'Bearer' });

function callerOf(rule: TokenRule | NetworkRule, name: string): KnownCaller {
  const { role, requestsPerSecond, answersPerDay } = rule;
  return { name, role, limits: { requestsPerSecond, answersPerDay } };
}

/**
 * The addresses of a CIDR, or one address. IPv4 addresses also match in their IPv6 form.
 * @throws {TypeError | RangeError} if it is neither
 */
export function networkOf(cidr: string): BlockList {
  checkTypeOf('cidr', cidr, 'string');
  const [, address = '', bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(cidr ?? '') ?? [];
  const family = isIP(address);
  const width = family === 4 ? 32 : 128;
  if (family === 0 || Number(bits ?? 0) > width) {
    throw new RangeError('expected cidr to be an address, or a network such as 10.1.0.0/16');
  }
  const list = new BlockList();
  list.addSubnet(address, Number(bits ?? width), family === 4 ? 'ipv4' : 'ipv6');
  return list;
}
