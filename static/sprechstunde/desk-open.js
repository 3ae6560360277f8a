/* What one does on the desk: open conversations, by mouse or keyboard, and send its small forms. */
"use strict";

(() => {
  const { root, byId, go, setLeaving, talk, toEnd, refreshAll, refreshThread } = window.desk;
  const { nextWaiting, queueShown, threadLeft, threadOpened } = window.desk;

  /* Forms of the desk: the answer goes where the form says; a refusal goes to nobody's page. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!("live" in form.dataset)) {
      setLeaving(true);
      setTimeout(() => event.defaultPrevented && setLeaving(false)); // a script sends it
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

  /* Opening a conversation swaps the pane only, so that nothing typed elsewhere is lost. Of several
     that are opened quickly the last one stays: `hx-sync` of the desk drops the others. */
  let towards = null;
  async function open(url) {
    threadLeft();
    root.dispatchEvent(new CustomEvent("desk:leave"));
    towards = url;
    try {
      await htmx.ajax("GET", url, { source: root, target: "#pane", swap: "innerHTML", push: "true" });
    } finally {
      if (towards === url) towards = null;
    }
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
    queueShown();
    threadOpened();
    root.dispatchEvent(new CustomEvent("desk:opened"));
  }

  /* Alt and an arrow lead to the next or the previous conversation of the list, counted from the one
     that is being opened: pressed twice, they lead two further. */
  const isHere = (link) =>
    towards ? link.href === towards : link.dataset.open === talk()?.dataset.conversation;
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.altKey || event.ctrlKey || event.metaKey) return;
    const links = [...byId("rows").querySelectorAll("a")];
    const here = links.findIndex(isHere);
    const next = links[here < 0 ? 0 : here + step];
    event.preventDefault();
    if (next) open(next.href);
  });

  history.replaceState({ htmx: true }, "");
  document.addEventListener("DOMContentLoaded", opened);
})();
