/* The departments' pages: live counts and lines, the draft that saves itself, colleagues who write too.
   Without it every page works as well; a stream that breaks loses nothing, for each return fetches anew. */
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const SAVE_AFTER = 1200; // ms without a key
  const SAVE_LATEST = 8000;
  const TRY_AGAIN = 5000;
  const TYPES_AGAIN = 3000;

  /* Fetch a part. Where the login has ended or the ticket is gone, the page loads anew and explains. */
  async function part(url, body) {
    const response = await fetch(url, {
      method: body ? "POST" : "GET",
      body,
      headers: { "HX-Request": "true", "HX-Current-URL": location.href },
      signal: AbortSignal.timeout(15000),
    });
    const login = response.headers.get("HX-Redirect");
    if (login) leave(() => location.assign(login));
    const text = await response.text();
    return { status: response.status, ok: response.ok && !response.redirected && !login, text };
  }

  let leaving = false;
  function leave(how) {
    if (isUnsaved()) return; // what is typed is worth more than a fresh page
    leaving = true;
    how();
  }

  const shown = new WeakMap(); // what is unchanged is not touched, and not read out again
  async function refresh(element, url) {
    if (!element || !url) return;
    const { ok, text, status } = await part(url);
    if ([404, 410].includes(status)) leave(() => location.reload());
    if (!ok || shown.get(element) === text) return;
    shown.set(element, text);
    element.innerHTML = text; // escaped by the server's templates
  }

  const quietly = (work) => work.catch(() => {});

  /* The stream; the browser itself connects again. */
  const root = byId("ticket") ?? byId("lines");
  const isTicket = root?.id === "ticket";

  function listen() {
    const stream = new EventSource(root.dataset.live);
    stream.addEventListener("open", changed); // what happened before it was heard
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, TRY_AGAIN);
    });
    stream.addEventListener("tickets", changed);
    if (isTicket) stream.addEventListener(`presence-${root.dataset.pk}`, () => quietly(showPresence()));
    addEventListener("pagehide", () => stream.close());
  }

  let waiting = 0;
  function changed() {
    clearTimeout(waiting);
    waiting = setTimeout(look, 150);
  }

  /* One after the other, or an answer that took its time would put back what is over. */
  let looking = false;
  let again = false;
  async function look() {
    again = true;
    if (looking) return;
    looking = true;
    while (again) {
      again = false;
      await quietly(isTicket ? lookAgain() : showList());
    }
    looking = false;
  }

  /* The list: counts always; lines unless somebody is choosing among them. */
  async function showList() {
    await refresh(byId("tabs"), byId("tabs").dataset.counts);
    const lines = byId("lines");
    if (!lines.querySelector("input:checked") && !lines.contains(document.activeElement)) {
      await refresh(lines, lines.dataset.again);
      offerFields();
    }
  }

  function offerFields() {
    const action = document.querySelector(".bulk__bar [name=action]");
    for (const field of document.querySelectorAll(".bulk__bar [data-for]")) {
      field.hidden = !field.dataset.for.split(" ").includes(action.value);
    }
  }
  document.addEventListener("change", ({ target }) => {
    if (target.name === "action") offerFields();
  });

  /* The ticket: its standing, and a hint where more has changed than the page shows. */
  async function lookAgain() {
    const { ok, text, status } = await part(root.dataset.status);
    if ([404, 410].includes(status)) return leave(() => location.reload());
    if (!ok) return;
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("standing");
    const old = byId("standing");
    if (!fresh || fresh.dataset.stamp === old.dataset.stamp) return;
    old.replaceWith(fresh);
    byId("changed").hidden = false;
  }

  const showPresence = () => refresh(byId("presence"), root.dataset.presence);

  function tellPresence(doing) {
    const body = new FormData();
    body.set("doing", doing);
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    return fetch(root.dataset.presence, { method: "POST", body, keepalive: true });
  }

  /* The draft. One saving at a time; the version says which text was seen. */
  const form = byId("answer");
  const box = byId("text");
  let savedText = box?.value;
  let busy = null;
  let timer = 0;
  let dirtySince = 0;
  let typedAt = 0;
  const isUnsaved = () => Boolean(box) && box.value !== savedText;

  function typed() {
    const now = Date.now();
    if (now - typedAt > TYPES_AGAIN) quietly(tellPresence("types"));
    typedAt = now;
    dirtySince ||= now;
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(0, Math.min(SAVE_AFTER, dirtySince + SAVE_LATEST - now)));
  }

  function save() {
    busy ??= handOver().finally(() => (busy = null));
    return busy;
  }

  async function handOver() {
    const text = box.value;
    if (text === savedText) return;
    dirtySince = 0;
    const body = new FormData();
    for (const name of ["csrfmiddlewaretoken", "version"]) body.set(name, form.elements[name].value);
    body.set("text", text);
    try {
      tell(text, await part(form.dataset.draft, body));
    } catch {
      byId("draft-state").textContent = form.dataset.unsaved;
      timer = setTimeout(save, TRY_AGAIN);
    }
  }

  function tell(text, { ok, status, text: said }) {
    const isPart = !said.includes("<html"); // else a page: the login, say
    if (!isPart || (!ok && ![403, 409, 422].includes(status))) throw new Error(`status ${status}`);
    const state = byId("draft-state");
    state.innerHTML = said; // escaped by the server's template
    const version = state.querySelector("[data-version]")?.dataset.version;
    if (version) form.elements.version.value = version;
    if (!ok) return; // a colleague's text is shown; the next key saves over it, knowingly
    savedText = text;
    if (isUnsaved()) typed();
  }

  /* A text of the department comes in where the cursor is. */
  function insert({ target }) {
    if (!target.value) return;
    box.setRangeText(target.value, box.selectionStart, box.selectionEnd, "end");
    target.value = "";
    box.focus();
    typed();
  }

  function edit() {
    box.addEventListener("input", typed);
    byId("snippet")?.addEventListener("change", insert);
    document.querySelector(".editor__snippets")?.removeAttribute("hidden");
    let sent = false; // a second click sends nothing twice
    form.addEventListener("submit", async (event) => {
      clearTimeout(timer);
      if (sent || busy) event.preventDefault();
      if (sent) return;
      if (busy) {
        await busy; // the version is on its way
        form.requestSubmit(event.submitter);
      } else sent = leaving = true;
    });
    addEventListener("pageshow", () => (sent = leaving = false));
  }

  addEventListener("submit", (event) => event.target !== form && (leaving = !isUnsaved()));
  addEventListener("beforeunload", (event) => {
    if (isUnsaved() && !leaving) event.preventDefault();
  });

  if (isTicket && form) {
    edit();
    const reads = () => quietly(tellPresence("reads"));
    reads();
    quietly(showPresence());
    setInterval(() => {
      if (document.hidden) return;
      if (Date.now() - typedAt > 2 * TYPES_AGAIN) reads();
      quietly(showPresence());
    }, Number(root.dataset.readsFor) * 1000);
    addEventListener("pagehide", () => quietly(tellPresence("left")));
  }
  if (root && !isTicket) offerFields();
  if (root) {
    listen();
    document.addEventListener("visibilitychange", () => document.hidden || changed());
  }
})();
