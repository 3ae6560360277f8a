/* The queue: who waits, in the server's order, with times that count on. */
"use strict";

(() => {
  const { root, byId, pause, clockNow, talk, fetched, morph, refresher, refreshes } = window.desk;
  const { say, span, write } = window.desk;
  const ANNOUNCE_EVERY = 10000;

  /* Single rows find their place by the sort key that the server gave them. */
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
    const next = nextWaiting();
    for (const button of document.querySelectorAll("[data-next]")) button.hidden = !next;
  }

  const nextWaiting = () => document.querySelector('.row[data-sort^="0"] a:not([aria-current])');

  function shown() {
    markOpen();
    countOn();
    const waiting = Number(byId("counts").dataset.waiting);
    document.title = document.title.replace(/^(\(\d+\) )?/, waiting ? `(${waiting}) ` : "");
    announce();
  }

  function countOn() {
    const now = clockNow();
    for (const each of document.querySelectorAll("#queue time")) {
      write(each, span(now - Date.parse(each.dateTime)));
    }
  }
  setInterval(countOn, 1000);

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

  function refreshRow(pk) {
    changed.add(pk);
    refreshQueue();
  }
  function refreshRows() {
    everything = true;
    refreshQueue();
  }
  refreshes.push(refreshRows);

  Object.assign(window.desk, { refreshRow, refreshRows, markOpen, nextWaiting, queueShown: shown });
})();
