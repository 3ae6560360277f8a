/* The reply box: each press of "send" is one message with a name of its own, however often it is sent. */
"use strict";

(() => {
  const { root, talk, part, showThread, toEnd, refreshAll, isLeaving } = window.desk;
  const byId = (id) => document.getElementById(id);
  const drafts = new Map(); // in memory only: what is typed here must not reach a disk
  const TYPING_AGAIN = 3000;
  const STOPPED_AFTER = 5000;

  const box = () => byId("reply-text");
  const composer = () => byId("composer");

  /* A random UUID; crypto.randomUUID is missing where the page is not served over HTTPS. */
  function newToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  document.addEventListener("submit", (event) => {
    if (event.target !== composer()) return;
    event.preventDefault();
    const body = new FormData(event.target, event.submitter);
    if (!body.get("text").trim()) return;
    composer().elements.token.value = newToken();
    byId("notice").replaceChildren();
    setText("");
    unquote();
    box().focus();
    send(body, pendingBubble(body), composer().action);
  });

  /* One after the other, so that they arrive in the order in which they were typed. */
  let sending = Promise.resolve();
  function send(body, bubble, url) {
    sending = sending.then(() => handOver(body, bubble, url));
  }

  async function handOver(body, bubble, url) {
    try {
      const { status, ok, text } = await part(url, { method: "POST", body: new URLSearchParams(body) });
      if (status >= 500) throw new Error(`status ${status}`);
      const isHere = bubble.isConnected;
      bubble.remove();
      if (ok && isHere) await showThread(text), toEnd();
      else if (isHere) refused(body, text);
      else if (!ok) addDraft(bubble);
    } catch {
      fail(bubble, true);
      if (!bubble.isConnected) addDraft(bubble);
    }
  }

  function fail(bubble, failed) {
    bubble.querySelector(".bubble__problem").hidden = !failed;
    bubble.querySelector(".bubble__tick").hidden = failed;
  }

  function refused(body, text) {
    putBack(body.get("text"));
    composer().elements.quoted.value = body.get("quoted");
    showQuote();
    byId("notice").innerHTML = text; // escaped by the server's template
    refreshAll();
  }

  function putBack(text) {
    setText([text, box().value].filter(Boolean).join("\n"));
    box().focus();
  }

  function pendingBubble(body) {
    const item = byId("pending-bubble").content.firstElementChild.cloneNode(true);
    item.querySelector(".bubble__text").textContent = body.get("text");
    item.dataset.conversation = talk().dataset.conversation;
    item.querySelector("[data-retry]").addEventListener("click", () => {
      fail(item, false);
      box().focus();
      send(body, item, composer().action);
    });
    item.querySelector("[data-edit]").addEventListener("click", () => {
      item.remove();
      putBack(body.get("text"));
    });
    byId("pending").append(item);
    toEnd();
    return item;
  }

  document.addEventListener("keydown", (event) => {
    if (event.target !== box() || event.key !== "Enter") return;
    if (event.shiftKey || event.altKey || event.isComposing) return;
    event.preventDefault();
    composer().requestSubmit(composer().querySelector("[type=submit]"));
  });

  /* Drafts stay with their conversation. */
  function setText(text) {
    box().value = text;
    keep();
  }
  function keep() {
    const pk = talk()?.dataset.conversation;
    if (!pk || !box()) return;
    if (box().value) drafts.set(pk, box().value);
    else drafts.delete(pk);
  }
  function addDraft(bubble) {
    const text = bubble.querySelector(".bubble__text").textContent;
    const pk = bubble.dataset.conversation;
    drafts.set(pk, [drafts.get(pk), text].filter(Boolean).join("\n"));
  }
  root.addEventListener("desk:leave", () => {
    keep();
    for (const bubble of document.querySelectorAll("#pending .bubble")) {
      if (!bubble.querySelector(".bubble__problem").hidden) addDraft(bubble);
    }
    if (talk()) tell("left");
  });
  root.addEventListener("desk:opened", () => {
    const open = talk();
    if (!open) return;
    box().value = drafts.get(open.dataset.conversation) ?? box().value;
    tell("reads");
    showQuote();
    if (matchMedia("(hover: hover)").matches) box().focus({ preventScroll: true });
    else byId("pane-title").focus({ preventScroll: true });
  });

  /* Quotes. */
  document.addEventListener("click", (event) => {
    if (event.target.closest("#unquote")) unquote(), box().focus();
    const link = event.target.closest("[data-quote]");
    if (!link) return;
    event.preventDefault();
    composer().elements.quoted.value = link.dataset.quote;
    showQuote();
    box().focus();
  });
  function showQuote() {
    const quoted = byId(`m-${composer().elements.quoted.value}`);
    byId("quoting").hidden = !quoted;
    const text = quoted?.querySelector(".bubble__text, .bubble__note, .bubble__picture img");
    byId("quoting-line").textContent = (text?.textContent || text?.alt || "").trim().slice(0, 120);
  }
  function unquote() {
    composer().elements.quoted.value = "";
    byId("quoting").hidden = true;
  }

  /* Colleagues see who reads and types; the citizen sees that somebody types. */
  let toldTyping = 0;
  let stopped = 0;

  function tell(doing) {
    const body = new URLSearchParams({ doing });
    body.set("csrfmiddlewaretoken", composer().elements.csrfmiddlewaretoken.value);
    part(talk().dataset.presence, { method: "POST", body, keepalive: true }).catch(() => {});
  }
  document.addEventListener("input", (event) => {
    if (event.target !== box()) return;
    keep();
    clearTimeout(stopped);
    stopped = setTimeout(() => talk() && tell("reads"), STOPPED_AFTER);
    if (!box().value.trim() || Date.now() - toldTyping < TYPING_AGAIN) return;
    toldTyping = Date.now();
    tell("types");
  });
  setInterval(() => {
    if (talk() && !document.hidden && Date.now() - toldTyping > STOPPED_AFTER) tell("reads");
  }, Number(root.dataset.heartbeat) * 1000);
  addEventListener("pagehide", () => talk() && tell("left"));
  addEventListener("beforeunload", (event) => {
    if (isLeaving()) return;
    if (drafts.size || byId("pending")?.children.length) event.preventDefault();
  });
})();
