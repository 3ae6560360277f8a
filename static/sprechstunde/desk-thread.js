/* The open conversation: its messages as they come, who else reads or types, where one has scrolled to. */
"use strict";

(() => {
  const { byId, clockNow, talk, fetched, morph, refresher, refreshes, markOpen } = window.desk;

  /* What is unchanged is not touched, so readers hear additions only. */
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

  refreshes.push(refreshThread, refreshPresence);

  /* What is heard of a conversation while it is on its way is fetched once it is there. */
  const meanwhile = new Set();
  const threadLeft = () => meanwhile.clear();
  function threadChanged(pk) {
    meanwhile.add(pk);
    if (pk === talk()?.dataset.conversation) refreshThread();
  }
  function threadOpened() {
    if (meanwhile.has(talk()?.dataset.conversation)) refreshThread();
    toEnd();
    lookAgainWhenDue();
    refreshPresence();
  }

  Object.assign(window.desk, { refreshThread, refreshPresence, showThread, toEnd });
  Object.assign(window.desk, { threadLeft, threadChanged, threadOpened });
})();
