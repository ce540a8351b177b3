// The service worker: where the server can't be reached, the page that says so. CACHE and SHELL (that page first, then
// what it needs) are written above this by routes/shell.py. Nothing of anybody is kept: pages always come from the server.

const PATIENCE = 10_000;

async function install() {
  const cache = await caches.open(CACHE);
  // Without cookies: that page shall hold nothing of anybody.
  await cache.addAll(SHELL.map((path) => new Request(path, { credentials: "omit", cache: "no-cache" })));
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

const soon = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// A slow answer is waited for, as long as the server lives.
async function isAway(hasAnswered) {
  await soon(PATIENCE);
  if (hasAnswered()) return;
  const lives = fetch("/manifest.webmanifest", { method: "HEAD" }).then(({ ok }) => ok);
  if (await Promise.race([lives, soon(PATIENCE)])) await new Promise(() => {});
  throw new Error("away");
}

async function navigate(event) {
  let isThere = false;
  const answer = Promise.resolve(event.preloadResponse).then((early) => early ?? fetch(event.request));
  try {
    return await Promise.race([answer, isAway(() => isThere)]);
  } catch {
    return (await caches.match(SHELL[0])) ?? Response.error();
  } finally {
    isThere = true;
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const { pathname, search, origin } = new URL(request.url);
  if (request.mode === "navigate") event.respondWith(navigate(event));
  else if (origin === location.origin && SHELL.includes(pathname + search)) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});
