/* What all scripts of the desk stand on: fetching parts of the page again, and saying times.
   Nothing depends on hearing every event: after each (re)connection all parts are fetched anew. */
"use strict";

window.desk = (() => {
  const root = document.getElementById("desk");
  const byId = (id) => document.getElementById(id);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /* Times come from the server; a browser whose clock is wrong still counts from them. */
  const skew = Date.parse(root.dataset.now) - Date.now();
  const clockNow = () => Date.now() + (Math.abs(skew) > 2000 ? skew : 0);

  /* What leads away on purpose asks no "really leave?", and nothing else then leads elsewhere. */
  let leaving = false;
  function go(url) {
    if (leaving) return;
    leaving = true;
    if (url) location.assign(url);
    else location.reload();
  }
  const isLeaving = () => leaving;
  const setLeaving = (is) => (leaving = is);
  addEventListener("pageshow", () => setLeaving(false));

  /* The open conversation: its pane holds its addresses. */
  const talk = () => document.querySelector(".talk[data-conversation]");

  /* Fetch a part. The page is loaded anew where the hour is over or the login has ended. */
  async function part(url, options = {}) {
    const response = await fetch(url, {
      ...options,
      headers: { "HX-Request": "true", "HX-Request-Type": "partial" },
      signal: AbortSignal.timeout(10000),
    });
    const login = response.headers.get("HX-Redirect");
    if (login) go(login);
    if ([401, 403].includes(response.status)) go();
    if ([404, 410].includes(response.status)) go(`${root.dataset.home}?gone`);
    return { status: response.status, ok: response.ok, text: await response.text() };
  }

  async function fetched(url) {
    const { ok, status, text } = await part(url);
    if (!ok) throw new Error(`status ${status}`);
    return text;
  }

  const morph = (target, text, swap = "innerMorph") =>
    target && htmx.swap({ text, target, swap, sourceElement: target });

  /* One request in flight, one more if something happened meanwhile, again until it succeeds. */
  function refresher(work) {
    let busy = false;
    let again = false;
    return async function refresh() {
      again = true;
      if (busy) return;
      busy = true;
      for (let failures = 0; again; ) {
        again = false;
        try {
          await work();
          failures = 0;
        } catch {
          again = true;
          failures += 1;
          await pause(Math.min(250 * 2 ** failures, 4000));
        }
      }
      busy = false;
    };
  }

  /* Each script adds what fetches its part. */
  const refreshes = [];
  function refreshAll() {
    for (const refresh of refreshes) refresh();
  }

  /* For screen readers. */
  function say(text) {
    byId("announcer").textContent = text;
  }

  function span(ms) {
    const minutes = Math.max(0, Math.floor(ms / 60000));
    const pattern = minutes < 60 ? root.dataset.minutes : root.dataset.hours;
    return pattern.replace("{h}", Math.floor(minutes / 60)).replace("{m}", minutes % 60);
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  return {
    ...{ root, byId, pause, clockNow, go, isLeaving, setLeaving, talk },
    ...{ part, fetched, morph, refresher, refreshes, refreshAll, say, span, write },
  };
})();
