// The one stream of changes (/live) of this browser, as a SharedWorker: all tabs hear it over one connection. Where there
// are no SharedWorkers a tab has it as a worker of its own.
//
// A tab says { key, since } (whose page it is, and when it was asked for; it joins, or looks whether all is well),
// { online: true | false }, { bye: true }. It is told { names }, { beat }, and { state: "connecting" | "connected" |
// "reconnecting" | "offline" | "ended", key, revision: what was the latest as the stream began, again: nothing new }.

const PATIENCE = 20_000; // for the server to answer
const SILENCE = 60_000; // an idle stream beats every 25 s: so long without a word, and the line is dead
const tabs = new Set();
let state = "connecting";
let key = ""; // whose stream it is
let revision = "";
let recent = []; // names with the time they came: a page may be older than its place among the tabs
let stream = null; // its AbortController
let opened = 0;
let failures = 0;
let away = false; // so a tab says; it may be wrong, for a server on this very machine
let retry;
let watch;
let awake = Date.now();

function tell(message) {
  for (const tab of tabs) tab.postMessage(message);
}

function show(next) {
  state = next;
  tell({ state, key, revision });
}

function expect(within, mine) {
  clearTimeout(watch);
  watch = setTimeout(() => lose(mine), within);
}

function close() {
  clearTimeout(retry);
  clearTimeout(watch);
  stream?.abort();
  stream = null;
  opened = 0;
}

async function connect() {
  close();
  const mine = new AbortController();
  stream = mine;
  expect(PATIENCE, mine);
  try {
    const answer = await fetch("/live", { signal: mine.signal, cache: "no-store" });
    if (answer.status === 401) return void (mine === stream && end());
    if (answer.ok && answer.headers.get("Content-Type")?.startsWith("text/event-stream"))
      await read(answer, mine);
  } catch {
    // Lost, as at its end: the same is to be done.
  }
  lose(mine);
}

async function read(answer, mine) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done || mine !== stream) return;
    expect(SILENCE, mine);
    const events = (text + value).split("\n\n");
    text = events.pop();
    take(events.map((event) => [/^event: (.*)$/m.exec(event)?.[1], /^data: (.*)$/m.exec(event)?.[1]]));
  }
}

function take(events) {
  const names = [];
  for (const [name, data] of events) {
    if (name === "open") {
      [key, revision] = data.split(" ");
      opened = Date.now();
      recent = [];
      failures = 0;
      show("connected");
    } else if (name === "beat") tell({ beat: data });
    // After "session-ended" the server ends the stream; whoever asks again is told how things stand.
    else if (name && name !== "session-ended") names.push(name);
  }
  if (!names.length) return;
  const now = Date.now();
  recent = [...recent.filter(({ at }) => now - at < 60_000), { at: now, names }];
  tell({ names });
}

function lose(mine) {
  if (mine !== stream) return;
  close();
  failures += 1;
  show(away || failures > 3 ? "offline" : "reconnecting");
  const pause = away ? 15_000 : Math.min(10_000, 250 * 2 ** failures);
  retry = setTimeout(connect, pause * (0.7 + 0.6 * Math.random()));
}

function end() {
  close();
  show("ended");
}

function heard(tab, { key: theirs, since, online, bye }) {
  if (bye) tabs.delete(tab);
  else if (online === false) {
    away = true;
    if (state === "ended") return;
    if (stream) lose(stream);
    else show("offline");
  } else if (online) {
    away = false;
    // Every tab says so, and the first one is enough; what stayed open may be dead after a change of network.
    if (state !== "ended" && (opened ? Date.now() - opened > 2000 : !stream)) connect();
  } else {
    tabs.add(tab);
    if (opened && theirs !== key) state = "connecting"; // somebody else has signed in since, or that page is old
    tab.postMessage({ state, key, again: true });
    if (opened ? theirs !== key : !stream) connect();
    const missed = recent.filter(({ at }) => at >= since).flatMap(({ names }) => names);
    if (opened && theirs === key && missed.length) tab.postMessage({ names: [...new Set(missed)] });
  }
}

function join(tab) {
  tab.onmessage = ({ data }) => heard(tab, data);
}

if ("onconnect" in self) self.onconnect = ({ ports }) => join(ports[0]);
else join(self);

// A tick that comes late: the machine slept, and whatever seems open is not to be trusted.
setInterval(() => {
  const late = Date.now() - awake > 15_000;
  awake = Date.now();
  if (late && state !== "ended") connect();
}, 5000);
