/* The live stream: hears names of what changed and has those parts fetched; notices when it is lost. */
"use strict";

(() => {
  const { root, byId, go, talk, refreshAll, refreshRow, refreshRows, write } = window.desk;
  const { refreshClock, refreshPresence, threadChanged } = window.desk;
  const live = byId("live");
  const SILENT_FOR = 25000; // the server says something every 15 s
  const LOST_FOR = 2000; // a shorter interruption is nobody's business
  const SAFETY_NET = 30000; // what depends on the clock alone is fetched at least this often
  const WHILE_LOST = 5000;

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
    showLost();
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
      threadChanged(pk);
      refreshRow(pk);
    } else if (what === "presence") {
      if (pk === talk()?.dataset.conversation) refreshPresence();
    } else if (what === "queue") refreshRows();
    else if (what === "session") refreshClock();
    else if (what === "closed") go(root.dataset.home);
  }

  /* Every second: the state of the stream, and whether the machine has slept. */
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
    showLost();
  }, 1000);

  function showLost() {
    const offline = byId("offline");
    const text = lostAt && Date.now() - lostAt > LOST_FOR ? offline.dataset.text : "";
    offline.toggleAttribute("data-lost", text !== "");
    write(offline, text);
  }

  addEventListener("online", refreshAll);
  addEventListener("pageshow", (event) => event.persisted && refreshAll());
  document.addEventListener("visibilitychange", () => document.hidden || refreshAll());
})();
