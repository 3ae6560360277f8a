/* Opens the desk when the hour begins, for whoever left the page open before. */
"use strict";

(() => {
  const opensAt = Date.parse(document.querySelector("[data-opens-at]")?.dataset.opensAt);
  const look = () => {
    if (Date.now() > opensAt + 500) location.reload();
  };
  if (opensAt) setInterval(look, 2000);
})();
