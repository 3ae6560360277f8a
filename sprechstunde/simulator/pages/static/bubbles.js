// One bubble of the chat: what it holds, its quote, buttons, reactions, ticks and its menu.

import { h, hour, KINDS } from "./kit.js";

const REACTIONS = ["👍", "❤️", "😂", "😮", "🙏", "👎"];
const TICKS = {
  sent: ["✓", "gesendet"],
  delivered: ["✓✓", "zugestellt"],
  read: ["✓✓", "gelesen"],
  played: ["✓✓", "angehört"],
};

function words(text) {
  const parts = text.split(/(https?:\/\/[^\s]+)/);
  const nodes = parts.map((part, index) =>
    index % 2 ? h("a", { href: part, rel: "noopener", target: "_blank" }, part) : part,
  );
  return h("p", { class: "text" }, ...nodes);
}

function media(message, act) {
  const { media: file, type } = message;
  if (!file) return message.link && type !== "interactive" ? words(message.link) : null;
  const source = `/control/media/${file.id}`;
  if (type === "audio") {
    return h("audio", { controls: "", preload: "none", src: source, onplay: () => act.play(message) });
  }
  if (type === "video") return h("video", { controls: "", preload: "none", src: source });
  if (type === "document") return h("a", { href: source, download: file.filename || "Dokument" }, `📄 ${file.filename || "Dokument"}`);
  return h("a", { href: source }, h("img", { src: source, alt: message.text || KINDS[type] || "Bild", class: type }));
}

function place(message) {
  if (!message.location) return null;
  const { latitude, longitude, name, address } = message.location;
  const label = [name, address].filter(Boolean).join(", ");
  return h("p", { class: "place" }, `📍 ${label || "Standort"}`, h("span", { class: "small" }, ` ${latitude.toFixed(4)}, ${longitude.toFixed(4)}`));
}

function quote(message, all) {
  const target = all.find((other) => other.wamid === message.quote);
  if (!target) return null;
  const text = target.text || KINDS[target.type] || "Nachricht";
  return h("blockquote", {}, h("cite", {}, target.mine ? "Ich" : "Büro"), h("p", {}, text));
}

function choices(message, act) {
  const options = [...message.buttons, ...message.rows];
  if (!options.length) return null;
  const made = options.map((option) =>
    h(
      "button",
      { type: "button", "aria-pressed": String(message.answered === option.id), onclick: () => act.press(message, option.id) },
      option.title,
      option.description ? h("span", { class: "small" }, option.description) : null,
    ),
  );
  return h("div", { class: "choices", role: "group", "aria-label": "Antwort wählen" }, ...made);
}

function reactions(message) {
  const given = Object.entries(message.reactions);
  if (!given.length) return null;
  const label = given.map(([who, emoji]) => `${who === "citizen" ? "Ich" : "Büro"}: ${emoji}`).join(", ");
  return h("p", { class: "reactions", role: "img", "aria-label": `Reaktionen – ${label}` }, given.map(([, emoji]) => emoji).join(" "));
}

function ticks(message) {
  if (!message.mine) return null;
  const [sign, label] = TICKS[message.status] ?? TICKS.sent;
  return h("span", { class: `ticks ${message.status}`, role: "img", "aria-label": label }, sign);
}

function menu(message, act) {
  const mark = (emoji) => h("button", { type: "button", "aria-label": `Mit ${emoji} reagieren`, onclick: () => act.react(message, emoji) }, emoji);
  const undo = message.reactions.citizen
    ? h("button", { type: "button", onclick: () => act.react(message, "") }, "Reaktion entfernen")
    : null;
  const edit = message.mine && message.type === "text"
    ? h("button", { type: "button", onclick: () => act.edit(message) }, "Bearbeiten")
    : null;
  return h(
    "details",
    { class: "menu more" },
    h("summary", { "aria-label": "Mehr zu dieser Nachricht" }, "⌄"),
    h(
      "div",
      { class: "sheet" },
      h("div", { class: "emoji row", role: "group", "aria-label": "Reagieren" }, ...REACTIONS.map(mark)),
      undo,
      h("button", { type: "button", onclick: () => act.quote(message) }, "Antworten"),
      edit,
    ),
  );
}

export function bubble(message, all, act) {
  const unseen = message.type === "unsupported" ? h("p", { class: "note" }, `Nicht unterstützt: ${message.text}`) : null;
  const shown = message.text && message.type !== "unsupported" ? words(message.text) : null;
  return h(
    "article",
    { class: message.mine ? "bubble mine" : "bubble", "data-wamid": message.wamid, "data-type": message.type },
    h("span", { class: "hidden" }, message.mine ? "Ich:" : "Büro:"),
    quote(message, all),
    message.header ? h("p", { class: "head" }, message.header) : null,
    media(message, act),
    place(message),
    unseen,
    shown,
    message.link && message.type === "interactive" ? words(message.link) : null,
    message.footer ? h("p", { class: "small" }, message.footer) : null,
    h("p", { class: "meta" }, message.edited ? "Bearbeitet · " : "", h("time", {}, hour(message.at)), " ", ticks(message) ?? ""),
    choices(message, act),
    reactions(message),
    menu(message, act),
  );
}
