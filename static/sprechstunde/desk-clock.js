/* The session's clock: how long the hour still lasts. */
"use strict";

(() => {
  const { root, byId, clockNow, fetched, morph, refresher, refreshes, refreshAll } = window.desk;
  const { say, span, write } = window.desk;

  const refreshClock = refresher(async () => {
    await morph(byId("clock"), await fetched(root.dataset.clock));
    tick();
  });
  refreshes.push(refreshClock);

  const told = new Set();
  function tick() {
    const now = clockNow();
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
  setInterval(tick, 1000);

  Object.assign(window.desk, { refreshClock });
})();
