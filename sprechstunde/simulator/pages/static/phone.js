// One phone: the chat with the office, live.

import { bubble } from "./bubbles.js";
import { ask, attempt, find, follow, h, summary } from "./kit.js";

const EMOJIS = ["😀", "😂", "😊", "😉", "😍", "🤔", "😢", "😡", "👍", "👎", "🙏", "👏", "❤️", "🎉", "🌳", "🚲", "🚧", "🏫", "💡", "☀️"];
const id = location.pathname.split("/").pop();
const path = `/citizens/${id}`;
const chat = find("chat");
const text = find("text");
const drawn = new Map();
let quoting = null;
let editing = null;
let shown = null;
let atEnd = true;

const send = (order) => attempt(() => ask("POST", `${path}/messages`, order));

function aim(message, label) {
  find("quoting").hidden = !message;
  find("quoted").textContent = message ? `${label}: ${summary(message)}` : "";
  text.focus();
}

const act = {
  react: (message, emoji) => send({ type: "reaction", message: message.wamid, emoji }),
  press: (message, choice) => send({ type: "press", id: choice, message: message.wamid }),
  play: (message) => message.mine || attempt(() => ask("POST", `${path}/play`, { message: message.wamid })),
  quote(message) {
    [quoting, editing] = [message, null];
    closeMenus();
    aim(message, "Antwort auf");
  },
  edit(message) {
    [quoting, editing] = [null, message];
    text.value = message.text;
    closeMenus();
    aim(message, "Bearbeiten");
  },
};

function closeMenus(except) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

function element(message, all) {
  const target = all.find((other) => other.wamid === message.quote);
  const key = JSON.stringify([message, target?.text]);
  const before = drawn.get(message.wamid);
  if (before?.key === key) return before.element;
  const made = bubble(message, all, act);
  drawn.set(message.wamid, { key, element: made });
  return made;
}

const dots = h("div", { class: "bubble typing" }, h("span", { class: "hidden" }, "Das Büro schreibt …"), h("i"), h("i"), h("i"));

function drawChat(state) {
  const wanted = state.messages.map((message) => element(message, state.messages));
  if (state.typing) wanted.push(dots);
  wanted.forEach((item, index) => {
    if (chat.children[index] !== item) chat.insertBefore(item, chat.children[index] ?? null);
  });
  while (chat.children.length > wanted.length) chat.lastChild.remove();
  keepEnd();
}

function keepEnd() {
  if (atEnd) chat.scrollTop = chat.scrollHeight;
}

function drawOwner(state) {
  const who = state.username ? `@${state.username}` : `+${state.phone}`;
  document.title = `${state.name} – Simulator der Sprechstunde`;
  find("identity").textContent = `${state.name} · ${who} · ${state.user_id}`;
  if (find("settings").open) return;
  find("name").value = state.name;
  find("username").value = state.username ?? "";
  find("shows").checked = state.shows_phone;
  find("online").checked = state.online;
}

function drawHead(state) {
  const presence = state.typing ? "schreibt …" : `${state.business} · Telefon von ${state.name}`;
  find("presence").textContent = state.online ? presence : "Dieses Telefon ist ausgeschaltet";
  find("call").disabled = !state.takes_calls;
  find("ringing").hidden = !state.calls.some((call) => call.state === "ringing");
}

async function refresh() {
  const state = await ask("GET", path);
  shown = state;
  drawChat(state);
  drawHead(state);
  drawOwner(state);
  if (state.unread && document.visibilityState === "visible") await ask("POST", `${path}/read`);
}

async function submit() {
  const words = text.value.trim();
  if (!words) return;
  const order = editing
    ? { type: "edit", message: editing.wamid, text: words }
    : { type: "text", text: words, quote: quoting?.wamid };
  if (await send(order)) {
    text.value = "";
    [quoting, editing] = [null, null];
    aim(null);
  }
}

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});

find("unquote").addEventListener("click", () => {
  if (editing) text.value = "";
  [quoting, editing] = [null, null];
  aim(null);
});

document.querySelector("#emojis .sheet").append(
  ...EMOJIS.map((emoji) =>
    h("button", { type: "button", "aria-label": emoji, onclick: () => {
      text.setRangeText(emoji, text.selectionStart, text.selectionEnd, "end");
      text.focus();
    } }, emoji),
  ),
);

document.querySelectorAll("[data-send]").forEach((button) =>
  button.addEventListener("click", () => {
    closeMenus();
    const kind = button.dataset.send;
    send(kind === "album" ? { type: "image", count: 3 } : { type: kind, quote: quoting?.wamid });
  }),
);

find("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  closeMenus();
  await send({ type: "image", data, mime_type: file.type, filename: file.name, caption: text.value.trim() });
  event.target.value = text.value = "";
});

find("voice").addEventListener("click", () => send({ type: "voice" }));
find("call").addEventListener("click", () => attempt(() => ask("POST", `${path}/call`)));
find("hang-up").addEventListener("click", () => attempt(() => ask("DELETE", `${path}/call`)));
find("new-number").addEventListener("click", () => attempt(() => ask("POST", `${path}/number`)));
find("new-id").addEventListener("click", () => attempt(() => ask("POST", `${path}/user-id`)));

find("owner").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await ask("PATCH", path, {
      name: find("name").value,
      username: find("username").value || null,
      shows_phone: find("shows").checked,
      online: find("online").checked,
    });
    closeMenus();
  });
});

document.addEventListener("toggle", (event) => event.target.open && closeMenus(event.target), true);
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus());

chat.addEventListener("scroll", () => {
  atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
});
chat.addEventListener("load", keepEnd, true);

const run = follow(`${path}/events`, refresh);
document.addEventListener("visibilitychange", () => shown?.unread && run());
