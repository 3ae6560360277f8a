/* Forwarding on the desk: mark messages, fill in the form beside the talk, follow what was asked. */
"use strict";

(() => {
  const { root, byId, talk, part, fetched, refresher, refreshes, say } = window.desk;
  const TYPED_FOR = 400; // ms
  const marked = new Set(); // the thread is fetched anew while one marks
  const kept = new Map(); // forms of conversations that one has left, in memory only
  const shown = new WeakMap(); // what the lists show, as it came

  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
  const opened = () => talk()?.dataset.conversation;
  const form = () => byId("forward-form");

  /* Marking. */
  const isMarking = () => talk()?.hasAttribute("data-marking");
  const boxes = () => [...document.querySelectorAll(".bubble__mark input")];

  function mark(on) {
    if (!talk()) return;
    talk().toggleAttribute("data-marking", on);
    byId("marks").hidden = !on;
    if (!on) marked.clear();
    restoreMarks();
    if (on) (boxes().at(-1) ?? byId("marks").querySelector("button")).focus();
  }
  function restoreMarks() {
    for (const box of boxes()) box.checked = marked.has(box.value);
  }
  function endMarking() {
    mark(false);
    document.querySelector("[data-forward]")?.focus();
  }

  document.addEventListener("change", ({ target }) => {
    if (target.closest(".bubble__mark")) {
      if (target.checked) marked.add(target.value);
      else marked.delete(target.value);
    } else if (target.closest("form[data-question]")) target.form.requestSubmit();
    else if (target.form && target.form === form()) showWay();
  });

  /* The form. */
  let sending = false; // pressed twice it is sent once
  async function show(url, options) {
    if (sending) return;
    sending = true;
    const open = opened();
    const says = byId("forward").dataset;
    try {
      const { status, text } = await part(url, options);
      if (status >= 500) throw new Error(`status ${status}`);
      const isDone = status === 200 && options && !parsed(text).querySelector("form");
      if (isDone) done(open, says.done.replace("{n}", text));
      else if (open === opened()) place(text, options);
    } catch {
      if (open === opened()) failed(says.failed);
    } finally {
      sending = false;
    }
  }

  function place(text, options) {
    byId("forward").innerHTML = text; // escaped by the server's template
    showWay();
    if (!options) byId("forward-title").focus();
    else (document.querySelector("#forward [role=alert]") ? byId("forward-title") : byId("forward-text")).focus();
  }

  function failed(text) {
    say(text);
    if (!form()) return;
    const lost = byId("forward-lost") ?? document.createElement("p");
    lost.id = "forward-lost";
    lost.className = "forward__error";
    lost.textContent = text;
    form().prepend(lost);
  }

  function done(open, text) {
    say(text);
    kept.delete(open);
    if (open === opened()) close();
    refresh();
  }

  function close() {
    clearTimeout(typing);
    kept.delete(opened());
    byId("forward").replaceChildren();
    document.querySelector("[data-forward]")?.focus();
  }

  /* What is only for asking is out of the way while nobody is asked. */
  function showWay() {
    const ask = byId("forward-ask");
    if (ask) ask.hidden = form().elements.way.value === "anonymous";
  }

  let typing = 0;
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "forward-text") return;
    clearTimeout(typing);
    typing = setTimeout(check, TYPED_FOR);
  });

  async function check() {
    const asked = form();
    if (!asked) return;
    const body = `${new URLSearchParams(new FormData(asked))}`;
    const { ok, text } = await part(asked.dataset.check, { method: "POST", body: new URLSearchParams(body) }).catch(() => ({}));
    if (!ok || asked !== form()) return;
    if (`${new URLSearchParams(new FormData(asked))}` !== body) return check(); // meanwhile one has chosen
    const fresh = parsed(text);
    for (const id of ["forward-findings", "forward-departments"]) {
      if (!byId(id).contains(document.activeElement)) byId(id).replaceWith(fresh.getElementById(id));
    }
  }

  document.addEventListener("submit", (event) => {
    const sent = event.target;
    if (sent.id === "marks") {
      event.preventDefault();
      const query = new URLSearchParams([...marked].map((pk) => ["m", pk]));
      const url = `${sent.action}?${query}`;
      mark(false);
      show(url);
    } else if (sent === form()) {
      event.preventDefault();
      clearTimeout(typing);
      show(sent.action, { method: "POST", body: new URLSearchParams(new FormData(sent, event.submitter)) });
    } else if ("question" in sent.dataset) {
      event.preventDefault();
      decide(sent);
    }
  });

  /* Before the desk's own listeners: a click on our link opens no other page. */
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("[data-forward], [data-forward-close], [data-marks-end]");
    if (!link || !talk()) return;
    event.preventDefault();
    if ("forward" in link.dataset) form() ? byId("forward-title").focus() : mark(!isMarking());
    else if ("forwardClose" in link.dataset) close();
    else endMarking();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isMarking()) return;
    endMarking();
  });

  /* How far the questions are; both lists are fetched when their conversation, or the queue, changes. */
  async function decide(sent) {
    const body = new URLSearchParams(new FormData(sent));
    await part(sent.action, { method: "POST", body }).catch(() => {}); // the list then says what is
    decided = true;
    refresh();
  }

  let decided = false;
  const refresh = refresher(async () => {
    for (const id of ["questions", "undecided"]) await fill(byId(id));
    decided = false;
  });
  refreshes.push(refresh);

  async function fill(box) {
    const focused = box?.contains(document.activeElement) ? document.activeElement : null;
    if (!box || (focused?.matches("select") && !decided)) return; // one is just choosing
    const text = await fetched(box.dataset.url);
    const fresh = text.replace(/value="\w{64}"/g, ""); // each answer has another token
    if (!box.isConnected || shown.get(box) === fresh) return;
    const before = standing(box);
    const isNews = shown.has(box) && box.id === "questions";
    shown.set(box, fresh);
    box.innerHTML = text; // escaped by the server's template
    if (focused) (byId(focused.id) ?? box.querySelector("select, button"))?.focus();
    if (isNews && standing(box) !== before) say(standing(box));
  }
  function standing(box) {
    const lines = [...box.querySelectorAll(".question__line")];
    return lines.map((line) => line.textContent.replace(/\s+/g, " ").trim()).join(". ");
  }

  byId("live").addEventListener("htmx:sse:before:message", ({ detail }) => {
    const [what, pk] = detail.message.event.split("-");
    if (what === "conversation" && (byId("undecided") || pk === opened())) refresh();
  });
  new MutationObserver(() => marked.size && restoreMarks()).observe(byId("pane"), {
    childList: true,
    subtree: true,
  });

  root.addEventListener("desk:leave", () => {
    if (form()) kept.set(opened(), byId("forward"));
    marked.clear();
  });
  root.addEventListener("desk:opened", () => {
    const before = kept.get(opened());
    if (before && byId("forward") && before !== byId("forward")) byId("forward").replaceWith(before);
    marked.clear();
    refresh();
  });
})();
