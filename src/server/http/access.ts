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

/** How much a caller may ask. */
export interface Limits {
  /**
   * on average; twice as many may come at once. A request in which more than 25 hashes are searched
   * counts once for each 25, a picture some 3 times
   * @defaultValue 100
   */
  readonly requestsPerSecond?: number | undefined;
  /**
   * answers about the list in 24 hours: each hash that is searched is one, and a picture that is
   * not listed some 70. The last picture of a day may go over
   * @defaultValue no limit: whoever can ask without end can find out what is listed
   */
  readonly answersPerDay?: number | undefined;
}

/** A token, by its hash. */
export interface TokenRule extends Limits {
  /** for logs and metrics; no two tokens have the same */
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

/** Who may call. */
export interface AccessOptions {
  readonly tokens?: readonly TokenRule[] | undefined;
  /**
   * networks whose callers need no token. Whoever reaches the port from there has the role, other
   * programs and users of the machine too; and so has the whole world through a proxy there that
   * adds no header of its own, as nginx without `proxy_set_header`: then give tokens, or `[]`. A
   * request with a header that proxies add needs a token
   * @defaultValue loopback as `admin` if there are no tokens, else none
   */
  readonly trustNetworks?: readonly NetworkRule[] | undefined;
  /**
   * further names by which callers without a token may ask for the service. Addresses, names
   * without a dot, and those under `local`, `internal`, `localhost`, `home.arpa` and `svc` need not
   * be among them, but for loopback, where they do
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
  if (typeof value !== 'string' || value === '') wrongKind('a name of each rule');
};

const hashOfToken: OptionCheck = (_, value) => {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return;
  wrongKind('the hash of a token to be what tokenHash gives');
};

const network: OptionCheck = (_, value) => void networkOf(value as string);

/** Names of hosts, without a port. */
const hostNames: OptionCheck = (name, value, ...option) => {
  texts(name, value, ...option);
  const isName = (one: string) => /^[\w.-]+$/.test(one);
  if (!(value as string[]).every(isName)) wrongRange(`${name} as hashes.example.org`);
};

/** On average, of one caller. */
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
 * Proxies add these: the address of the connection is then the proxy's, not the client's. Programs
 * that trace their own requests send `traceparent`, too, so it says nothing.
 */
const FORWARDING: ReadonlySet<string> = /* @__PURE__ */ new Set([
  // RFC 9110, RFC 7239, RFC 8586, and the caches that may put pages together
  ...['via', 'forwarded', 'cdn-loop', 'surrogate-capability'],
  // nginx and its Kubernetes ingress, HAProxy, Envoy; Varnish; IIS
  ...['x-real-ip', 'x-request-id', 'x-scheme', 'x-varnish', 'x-arr-log-id', 'x-arr-ssl'],
  // load balancers, Akamai and Cloudflare; CloudFront; Google
  ...['client-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'x-amz-cf-id'],
  'x-cloud-trace-context',
]);

/** Beginnings of such names: any proxy; Envoy; Cloudflare; AWS; Azure, IIS; Fastly; Akamai. */
const OF_PROXIES =
  /^(x-forwarded|x-envoy-|cf-|x-amzn-|cloudfront-|x-azure-|x-original-|fastly-|(x-)?akamai-)/;

/**
 * Browsers send these: a page that somebody opened would call with the rights of his network. The
 * `fetch` of Node sends `sec-fetch-mode`.
 */
const OF_BROWSERS = ['origin', 'sec-fetch-site'];

const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Names that no stranger can have: those of a machine or of a network alone. */
const PRIVATE_NAME = /^[\w-]+$|\.(local|internal|localhost|home\.arpa|svc)$/;

/** As many are remembered: 200 kB. */
const MOST_ADDRESSES = 1000;

interface Network {
  readonly caller: KnownCaller;
  readonly addresses: BlockList;
}

/** Finds who calls: by a token, or by the network that the connection comes from. */
export class Access {
  readonly #tokens: readonly { readonly digest: Buffer; readonly caller: KnownCaller }[];
  readonly #networks: readonly Network[];
  readonly #hostNames: readonly string[];
  readonly #loopback = LOOPBACK.map(({ cidr }) => networkOf(cidr));
  /** what was found of addresses, since looking at networks takes longer than a look-up */
  readonly #known = new Map<string, { isHere: boolean; caller: KnownCaller | undefined }>();

  /** @throws {TypeError | RangeError} if a rule is invalid */
  constructor(options: AccessOptions) {
    const { tokens, trustNetworks, hostNames } = checkedOptions(options, ACCESS_OPTIONS);
    this.#hostNames = hostNames.map((name) => name.toLowerCase());
    const networks = trustNetworks ?? (tokens.length === 0 ? LOOPBACK : []);
    this.#tokens = tokens.map((rule) => ({
      digest: Buffer.from(rule.hash, 'hex'),
      caller: callerOf(rule, rule.name),
    }));
    const names = new Set(this.#tokens.map(({ caller }) => caller.name));
    if (names.size < tokens.length) throw new RangeError('expected tokens of different names');
    this.#networks = networks.map((rule) => {
      const { cidr, name = cidr } = rule;
      const addresses = networkOf(cidr);
      const caller = callerOf(rule, name);
      // A quota of one would be spent by the other.
      if (names.has(caller.name)) {
        throw new RangeError('expected tokens and networks of different names');
      }
      return { caller, addresses };
    });
  }

  /**
   * Who sent a request. A token that is not known is refused, also where none is needed. Without a
   * token the address decides, unless the request came through a proxy, whose address says nothing,
   * or from a browser, where any page may send it. It also has to ask for this service by a name
   * that no stranger has: theirs may be made to point here, and a browser on the network then tells
   * their page what it is answered, while it names no origin.
   * @param address of the connection; empty for a socket that has none
   * @throws {Refusal} 401 if the caller is not known
   */
  callerOf({ headers }: Pick<Request, 'headers'>, address: string): KnownCaller {
    const authorization = headers.get('authorization');
    if (authorization !== null) {
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      const caller = token === undefined ? undefined : this.callerOfToken(token);
      if (caller) return caller;
      throw unknownCaller();
    }
    if (OF_BROWSERS.some((name) => headers.has(name))) throw unknownCaller();
    for (const name of headers.keys()) {
      if (FORWARDING.has(name) || OF_PROXIES.test(name)) throw unknownCaller();
    }
    const { isHere, caller } = this.#ofAddress(address);
    if (caller && this.#isOwnName(headers.get('host'), isHere)) return caller;
    throw unknownCaller();
  }

  /** Whether an address is of this machine, and whose network it is of. */
  #ofAddress(address: string): { isHere: boolean; caller: KnownCaller | undefined } {
    const known = this.#known.get(address);
    if (known) return known;
    const family = isIP(address);
    if (family === 0) throw unknownCaller();
    const type = family === 4 ? 'ipv4' : 'ipv6';
    const isHere = this.#loopback.some((addresses) => addresses.check(address, type));
    const network = this.#networks.find(({ addresses }) => addresses.check(address, type));
    const found = { isHere, caller: network?.caller };
    // Strangers may have many.
    if (this.#known.size === MOST_ADDRESSES) this.#known.clear();
    this.#known.set(address, found);
    return found;
  }

  /**
   * Whose token this is, in a time that tells nothing of the right ones; undefined if nobody's. For
   * routes that have the token from elsewhere than the header.
   */
  callerOfToken(token: string): KnownCaller | undefined {
    return this.#callerOf(createHash('sha256').update(token).digest());
  }

  /**
   * Whose token has this hash, as `tokenHash` gives it; undefined if nobody's. For sessions, which
   * end with their token.
   */
  callerOfHash(hash: string): KnownCaller | undefined {
    const given = Buffer.from(hash, 'hex');
    return given.length === 32 ? this.#callerOf(given) : undefined;
  }

  /** @param host as the header has it; only browsers lead strangers here, and they send it */
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

/** Whether a caller of this role may do what takes `needed`. */
export const mayDo = (role: Role, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);

const unknownCaller = () =>
  new Refusal('unauthorized', 'expected a known token', { 'www-authenticate': 'Bearer' });

function callerOf(rule: TokenRule | NetworkRule, name: string): KnownCaller {
  const { role, requestsPerSecond, answersPerDay } = rule;
  return { name, role, limits: { requestsPerSecond, answersPerDay } };
}

/**
 * The addresses of a CIDR, or one address. Those of IPv4 are found in their IPv6 form too.
 * @throws {TypeError | RangeError} if it is neither
 */
export function networkOf(cidr: string): BlockList {
  checkTypeOf('cidr', cidr, 'string');
  const [, address = '', bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(cidr ?? '') ?? [];
  const family = isIP(address);
  const width = family === 4 ? 32 : 128;
  if (family === 0 || Number(bits ?? 0) > width) {
    throw new RangeError('expected cidr to be an address, or a network as 10.1.0.0/16');
  }
  const list = new BlockList();
  list.addSubnet(address, Number(bits ?? width), family === 4 ? 'ipv4' : 'ipv6');
  return list;
}
