/* The desk's live view: hears names of what changed, fetches those parts, puts them in their place.
   Nothing depends on hearing everything: after each (re)connection all parts are fetched anew. */
"use strict";

window.desk = (() => {
  const root = document.getElementById("desk");
  const live = document.getElementById("live");
  const byId = (id) => document.getElementById(id);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const SILENT_FOR = 25000; // the server says something every 15 s
  const LOST_FOR = 2000; // a shorter interruption is nobody's business
  const ANNOUNCE_EVERY = 10000;
  const SAFETY_NET = 30000; // what depends on the clock alone is fetched at least this often
  const WHILE_LOST = 5000;

  /* Times come from the server; a browser whose clock is wrong still counts from them. */
  const skew = Date.parse(root.dataset.now) - Date.now();
  const clockNow = () => Date.now() + (Math.abs(skew) > 2000 ? skew : 0);

  /* What leads away on purpose asks no "really leave?". */
  let leaving = false;
  function go(url) {
    leaving = true;
    if (url) location.assign(url);
    else location.reload();
  }

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

  /* The queue: single rows find their place by the sort key that the server gave them. */
  const changed = new Set();
  let everything = false;

  const refreshQueue = refresher(async () => {
    const all = everything;
    const some = [...changed];
    everything = false;
    changed.clear();
    try {
      const text = await fetched(all ? root.dataset.queue : `${root.dataset.queue}?only=${some}`);
      await Promise.race([pressed, pause(2000)]);
      if (all) await morph(byId("queue"), text);
      else placeRows(new DOMParser().parseFromString(text, "text/html"), some);
      shown();
    } catch (error) {
      everything ||= all;
      some.forEach((pk) => changed.add(pk));
      throw error;
    }
  });

  /* While somebody presses on a row no row is exchanged: the click would get lost. */
  let pressed = null;
  document.addEventListener("pointerdown", ({ target }) => {
    if (!target.closest("#queue")) return;
    pressed = new Promise((released) => {
      const end = () => setTimeout(() => ((pressed = null), released()));
      for (const name of ["pointerup", "pointercancel"]) addEventListener(name, end, { once: true });
    });
  });

  function placeRows(fragment, some) {
    byId("counts").replaceWith(fragment.getElementById("counts"));
    for (const pk of some) {
      const row = fragment.getElementById(`row-${pk}`);
      const old = byId(`row-${pk}`);
      if (!row) old?.remove();
      else if (old?.dataset.sort === row.dataset.sort) keepFocus(old, () => old.replaceWith(row));
      else keepFocus(old, () => (old?.remove(), insert(row)));
    }
  }

  function insert(row) {
    const rows = byId("rows");
    const next = [...rows.children].find((each) => each.dataset.sort > row.dataset.sort);
    rows.insertBefore(row, next ?? null);
  }

  function keepFocus(old, change) {
    const focused = old?.contains(document.activeElement) && old.id;
    change();
    if (focused) byId(focused)?.querySelector("a").focus({ preventScroll: true });
  }

  function markOpen() {
    const open = talk()?.dataset.conversation;
    for (const link of byId("rows").querySelectorAll("a")) {
      if (link.dataset.open === open) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  const nextWaiting = () => document.querySelector('.row[data-sort^="0"] a:not([aria-current])');

  function shown() {
    markOpen();
    tick();
    const waiting = Number(byId("counts").dataset.waiting);
    document.title = document.title.replace(/^(\(\d+\) )?/, waiting ? `(${waiting}) ` : "");
    const next = nextWaiting();
    for (const button of document.querySelectorAll("[data-next]")) button.hidden = !next;
    announce();
  }

  /* Readers hear the queue's count at most every ten seconds, and never at the start. */
  let announced = null;
  let announcedAt = Date.now();
  let announcing = 0;

  function announce() {
    const counts = byId("counts");
    announced ??= counts.dataset.waiting;
    if (announced === counts.dataset.waiting || announcing) return;
    announcing = setTimeout(() => {
      announcing = 0;
      announcedAt = Date.now();
      announced = byId("counts").dataset.waiting;
      say(byId("counts").textContent.replace(/\s+/g, " ").trim());
    }, Math.max(0, announcedAt + ANNOUNCE_EVERY - Date.now()));
  }

  function say(text) {
    byId("announcer").textContent = text;
  }

  /* The open conversation. What is unchanged is not touched, so readers hear additions only. */
  const refreshThread = refresher(async () => {
    const open = talk();
    if (!open) return;
    const query = new URLSearchParams();
    if ("whole" in open.dataset) query.set("all", "1");
    if (!document.hidden) query.set("seen", "1");
    const text = await fetched(`${open.dataset.thread}?${query}`);
    if (open !== talk()) return;
    await showThread(text);
  });

  async function showThread(text) {
    const log = byId("log");
    const last = lastBubble();
    const atEnd = isAtEnd;
    await morph(byId("thread"), text);
    markOpen();
    for (const button of document.querySelectorAll("[data-next]")) button.hidden = !nextWaiting();
    if (atEnd) toEnd();
    else if (lastBubble() !== last) byId("to-end").hidden = false;
    lookAgainWhenDue();
  }

  /* Who reads further up stays there; who is at the end stays at the end, pictures included. */
  let isAtEnd = true;
  let top = 0; // a picture that arrives moves the end away, but only a person scrolls up
  document.addEventListener("scroll", ({ target: log }) => {
    if (log.id !== "log") return;
    if (log.scrollHeight - log.scrollTop - log.clientHeight < 80) isAtEnd = true;
    else if (log.scrollTop < top) isAtEnd = false;
    top = log.scrollTop;
    if (isAtEnd) byId("to-end").hidden = true;
  }, true);
  document.addEventListener("load", ({ target }) => {
    if (isAtEnd && target.closest?.("#log")) toEnd();
  }, true);

  const lastBubble = () => byId("thread")?.querySelector(".bubble:last-child")?.id;

  function toEnd() {
    const log = byId("log");
    if (!log) return;
    isAtEnd = true;
    log.scrollTop = log.scrollHeight;
    top = log.scrollTop;
    byId("to-end").hidden = true;
  }

  let due = 0;
  function lookAgainWhenDue() {
    clearTimeout(due);
    const now = clockNow();
    const times = [...document.querySelectorAll("[data-due]")].map((each) => Date.parse(each.dataset.due));
    const next = Math.min(...times.filter((time) => time > now));
    if (Number.isFinite(next)) due = setTimeout(refreshThread, next - now + 1300);
  }

  const refreshClock = refresher(async () => {
    await morph(byId("clock"), await fetched(root.dataset.clock));
    tick();
  });

  const refreshPresence = refresher(async () => {
    const open = talk();
    if (!open) return;
    const text = await fetched(open.dataset.presence);
    const box = byId("presence");
    const now = text.replace(/\s+/g, " ").trim();
    if (open !== talk() || box.dataset.now === now) return;
    box.dataset.now = now;
    box.innerHTML = text; // escaped by the server's template
  });

  function refreshAll() {
    everything = true;
    for (const refresh of [refreshThread, refreshQueue, refreshClock, refreshPresence]) refresh();
  }

  /* The stream. */
  let connection = null;
  let heardAt = Date.now();
  let lostAt = 0;
  let askedAt = Date.now();

  const hear = (name, act) => live.addEventListener(name, (event) => act(event.detail));

  hear("htmx:sse:after:connection", (detail) => {
    connection = detail.connection;
    heardAt = Date.now();
    lostAt = 0;
    refreshAll();
    tick();
  });
  hear("htmx:sse:before:connection", ({ connection: { attempt } }) => attempt && lost());
  hear("htmx:sse:close", () => ((connection = null), lost()));
  hear("htmx:sse:error", ({ status }) => {
    lost();
    if ([401, 404, 410].includes(status)) go(root.dataset.home);
  });
  hear("htmx:after:request", ({ ctx }) => {
    if ([401, 404, 410].includes(ctx.response?.status)) go(root.dataset.home);
  });
  hear("htmx:sse:before:message", ({ message }) => {
    heardAt = Date.now();
    heard(message.event);
  });

  function lost() {
    lostAt ||= Date.now();
  }

  function heard(event) {
    const [what, pk] = event.split("-");
    if (what === "conversation") {
      meanwhile.add(pk);
      if (pk === talk()?.dataset.conversation) refreshThread();
      changed.add(pk);
      refreshQueue();
    } else if (what === "presence") {
      if (pk === talk()?.dataset.conversation) refreshPresence();
    } else if (what === "queue") {
      everything = true;
      refreshQueue();
    } else if (what === "session") refreshClock();
    else if (what === "closed") go(root.dataset.home);
  }

  /* Every second: the clock, the state of the stream, and whether the machine has slept. */
  let beatAt = Date.now();
  let refreshedAt = Date.now();

  setInterval(() => {
    const now = Date.now();
    const slept = now - beatAt > 5000;
    beatAt = now;
    if (connection && (slept || now - heardAt > SILENT_FOR)) {
      heardAt = now;
      connection.reader?.cancel().catch(() => {});
    }
    if (!connection) lost();
    if (!connection && now - askedAt > 1000) {
      askedAt = now;
      htmx.trigger(live, "desk:again");
    }
    if (now - refreshedAt > (lostAt ? WHILE_LOST : SAFETY_NET)) {
      refreshedAt = now;
      refreshAll();
    }
    tick();
  }, 1000);

  function tick() {
    const now = clockNow();
    const offline = byId("offline");
    const text = lostAt && Date.now() - lostAt > LOST_FOR ? offline.dataset.text : "";
    offline.toggleAttribute("data-lost", text !== "");
    write(offline, text);
    for (const each of document.querySelectorAll("#queue time")) {
      write(each, span(now - Date.parse(each.dateTime)));
    }
    tickClock(now);
  }

  const told = new Set();
  function tickClock(now) {
    const clock = document.querySelector("[data-until]");
    const left = Date.parse(clock.dataset.until) - now;
    if (left <= 0 && !told.has(clock.dataset.until)) {
      told.add(clock.dataset.until);
      refreshAll();
    }
    const minutes = Math.ceil(Math.max(left, 0) / 60000);
    clock.toggleAttribute("data-soon", minutes <= 5);
    write(clock.querySelector("[data-countdown]"), span(minutes * 60000));
    const key = `${clock.dataset.until}/${minutes}`;
    if ([15, 5, 1].includes(minutes) && !told.has(key)) say(root.dataset.left.replace("{m}", minutes));
    told.add(key);
  }

  function span(ms) {
    const minutes = Math.max(0, Math.floor(ms / 60000));
    const pattern = minutes < 60 ? root.dataset.minutes : root.dataset.hours;
    return pattern.replace("{h}", Math.floor(minutes / 60)).replace("{m}", minutes % 60);
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  /* Forms of the desk: the answer goes where the form says; a refusal goes to nobody's page. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!("live" in form.dataset)) {
      leaving = form.id !== "composer";
      return;
    }
    event.preventDefault();
    form.closest("details[open]")?.removeAttribute("open");
    event.submitter?.closest("details[open]")?.removeAttribute("open");
    const action = event.submitter?.getAttribute("formaction") ?? form.action;
    const { target, swap } = form.dataset;
    htmx.ajax("POST", action, { source: form, event, target, swap });
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    const status = ctx.response?.status ?? 200;
    if (status === 404 || status === 410) go(root.dataset.home);
    else if (status >= 400 && status !== 409) {
      event.preventDefault();
      refreshAll();
    }
  });

  /* Opening a conversation swaps the pane only, so that nothing typed elsewhere is lost. What is
     heard of it while it is on its way is fetched once it is there. */
  const meanwhile = new Set();
  async function open(url) {
    meanwhile.clear();
    root.dispatchEvent(new CustomEvent("desk:leave"));
    await htmx.ajax("GET", url, { source: root, target: "#pane", swap: "innerHTML", push: "true" });
  }
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("[data-open], [data-close], [data-all], [data-dialog], [data-next]");
    if (!link) return;
    event.preventDefault();
    if ("next" in link.dataset) nextWaiting()?.click();
    else if ("dialog" in link.dataset) byId(link.dataset.dialog).showModal();
    else if ("all" in link.dataset) {
      talk().dataset.whole = "";
      refreshThread();
    } else open(link.href);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog").close();
    if (event.target.closest("#to-end")) toEnd();
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details[data-menu][open]");
    if (menu) {
      menu.removeAttribute("open");
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target?.id === "pane" || event.detail.ctx.target === "#pane") opened();
  });

  function opened() {
    if (meanwhile.has(talk()?.dataset.conversation)) refreshThread();
    shown();
    toEnd();
    lookAgainWhenDue();
    refreshPresence();
    root.dispatchEvent(new CustomEvent("desk:opened"));
  }

  /* Alt and an arrow lead to the next or the previous conversation of the list. */
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.altKey || event.ctrlKey || event.metaKey) return;
    const links = [...byId("rows").querySelectorAll("a")];
    const here = links.findIndex((each) => each.hasAttribute("aria-current"));
    const next = links[here < 0 ? 0 : here + step];
    event.preventDefault();
    if (next) open(next.href);
  });

  addEventListener("online", refreshAll);
  addEventListener("pageshow", (event) => event.persisted && refreshAll());
  document.addEventListener("visibilitychange", () => document.hidden || refreshAll());
  history.replaceState({ htmx: true }, "");
  document.addEventListener("DOMContentLoaded", opened);

  return { root, talk, part, showThread, toEnd, refreshAll, isLeaving: () => leaving };
})();
