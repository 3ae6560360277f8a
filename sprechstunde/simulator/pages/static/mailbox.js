// One mailbox: read, look at the source, reply as a mail program does, write, set how it behaves.

import { ask, attempt, find, follow, h, hour } from "./kit.js";

const address = decodeURIComponent(location.pathname.split("/").pop());
const path = `/mail/${encodeURIComponent(address)}`;
const open = new Set();
let answered = null; // the mail that is being answered; null: a new one
let shown = "";

function attachment(file) {
  return new Promise((done, failed) => {
    if (!file) return done(null);
    const reader = new FileReader();
    reader.onerror = () => failed(new Error("Die Datei lässt sich nicht lesen."));
    reader.onload = () => {
      const content = reader.result.split(",")[1] ?? "";
      done({ name: file.name, type: file.type || "application/octet-stream", content });
    };
    reader.readAsDataURL(file);
  });
}

function write(mail) {
  answered = mail;
  find("writing-title").textContent = mail ? `Antwort auf „${mail.subject}“` : "Neue E-Mail";
  find("fields").hidden = mail !== null;
  find("styles").hidden = mail === null;
  find("to").required = mail === null;
  find("writing").hidden = false;
  find("words").focus();
}

// Addresses in a text become links; all else stays text.
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, index) =>
    index % 2 ? h("a", { href: part, target: "_blank", rel: "noopener" }, part) : part,
  );
}

function body(mail) {
  const source = `/control${path}/${mail.id}/raw`;
  const parts = [
    h("p", { class: "small" }, `Von ${mail.from} an ${mail.to}`),
    h("pre", { class: "mail-text" }, ...linked(mail.text)),
  ];
  if (mail.has_html) {
    const frame = h("iframe", { src: `/control${path}/${mail.id}/html`, title: "Ansicht mit Gestaltung" });
    parts.push(h("details", {}, h("summary", {}, "Ansicht mit Gestaltung"), frame));
  }
  if (mail.attachments.length) {
    parts.push(h("p", { class: "small" }, `Anhänge: ${mail.attachments.map((each) => each.name || each.type).join(", ")}`));
  }
  const reply = h("button", { type: "button", onclick: () => write(mail) }, "Antworten");
  parts.push(h("div", { class: "actions" }, reply, h("a", { class: "button", href: source, target: "_blank" }, "Quelltext")));
  return parts;
}

function entry(mail) {
  const details = h(
    "details",
    { open: open.has(mail.id) },
    h("summary", {}, h("strong", {}, mail.subject || "(ohne Betreff)"), " ", h("time", { class: "small" }, hour(mail.at))),
    ...body(mail),
  );
  details.addEventListener("toggle", () => (details.open ? open.add(mail.id) : open.delete(mail.id)));
  return h("li", {}, details);
}

async function refresh() {
  const mailbox = await ask("GET", path);
  find("address").textContent = mailbox.address;
  find("mode").value = mailbox.mode;
  find("empty").hidden = mailbox.count > 0;
  const ids = mailbox.mails.map((mail) => mail.id).join();
  if (ids !== shown) {
    shown = ids;
    if (mailbox.mails.length) open.add(mailbox.mails.at(-1).id);
    find("mails").replaceChildren(...mailbox.mails.toReversed().map(entry));
  }
  if (mailbox.unread) await ask("POST", `${path}/read`);
}

find("mode").addEventListener("change", () => attempt(() => ask("PATCH", path, { mode: find("mode").value })));
find("new").addEventListener("click", () => write(null));
find("discard").addEventListener("click", () => (find("writing").hidden = true));
find("writing").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const order = { text: find("words").value, attachment: await attachment(find("file").files[0]) };
    if (answered) await ask("POST", `${path}/${answered.id}/reply`, { ...order, style: find("style").value });
    else await ask("POST", `${path}/send`, { ...order, to: find("to").value, subject: find("subject").value });
    find("writing").reset();
    find("writing").hidden = true;
    find("said").textContent = "Gesendet.";
  });
});

follow("/events", refresh);
