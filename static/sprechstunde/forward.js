/* Forwarding on the desk: mark messages, fill in the form beside the talk, follow what was asked. */
"use strict";

(() => {
  const { root, talk, part } = window.desk;
  const byId = (id) => document.getElementById(id);
  const TYPED_FOR = 400; // ms
  const marked = new Set(); // the thread is fetched anew while one marks
  const kept = new Map(); // forms of conversations that one has left, in memory only

  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
  const opened = () => talk()?.dataset.conversation;
  const form = () => byId("forward-form");
  const say = (text) => (byId("announcer").textContent = text);

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
  async function show(url, options) {
    const open = opened();
    try {
      const { status, text } = await part(url, options);
      if (open !== opened()) return;
      if (status >= 500) throw new Error(`status ${status}`);
      if (status === 200 && options && !parsed(text).querySelector("form")) return done(text);
      place(text, options);
    } catch {
      failed();
    }
  }

  function place(text, options) {
    byId("forward").innerHTML = text; // escaped by the server's template
    showWay();
    if (!options) byId("forward-title").focus();
    else (document.querySelector("#forward [role=alert]") ? byId("forward-title") : byId("forward-text")).focus();
  }

  function failed() {
    const box = byId("forward");
    if (box) say(box.dataset.failed);
    document.querySelector("#forward .forward__lost")?.remove();
    form()?.insertAdjacentHTML("afterbegin", '<p class="forward__error forward__lost" role="alert"></p>');
    const lost = document.querySelector("#forward .forward__lost");
    if (lost) lost.textContent = box.dataset.failed;
  }

  function done(reference) {
    const box = byId("forward");
    close();
    say(box.dataset.done.replace("{n}", reference));
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
    const typed = asked.elements.text.value;
    const body = new URLSearchParams(new FormData(asked));
    const { ok, text } = await part(asked.dataset.check, { method: "POST", body }).catch(() => ({}));
    if (!ok || asked !== form()) return;
    if (asked.elements.text.value !== typed) return;
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
    await part(sent.action, { method: "POST", body }).catch(() => {});
    refresh();
  }

  async function fill(id) {
    const box = byId(id);
    if (!box || box.contains(document.activeElement?.closest("select"))) return;
    const { ok, text } = await part(box.dataset.url).catch(() => ({}));
    if (!ok || !box.isConnected || box.dataset.now === text.replace(/value="\w{64}"/g, "")) return;
    const first = !("now" in box.dataset);
    const before = standing(box);
    box.dataset.now = text.replace(/value="\w{64}"/g, "");
    box.innerHTML = text; // escaped by the server's template
    if (!first && id === "questions" && standing(box) !== before) say(standing(box));
  }
  function standing(box) {
    const lines = [...box.querySelectorAll(".question__line")];
    return lines.map((line) => line.textContent.replace(/\s+/g, " ").trim()).join(". ");
  }

  let busy = false;
  let again = false;
  async function refresh() {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      await Promise.all(["questions", "undecided"].map(fill));
    }
    busy = false;
  }

  const live = byId("live");
  live.addEventListener("htmx:sse:after:connection", refresh);
  live.addEventListener("htmx:sse:before:message", ({ detail }) => {
    const [what, pk] = detail.message.event.split("-");
    if (what === "session" || (what === "conversation" && (byId("undecided") || pk === opened()))) refresh();
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
  refresh();
})();
