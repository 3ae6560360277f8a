// All mailboxes: the newest mail of each, and the way into any other.

import { ask, find, follow, h, hour } from "./kit.js";

const MODES = {
  normal: "",
  refuses: " · weist ab",
  bounces: " · unbekannt",
  full: " · voll",
  greylisted: " · Greylisting",
  away: " · abwesend",
  away_en: " · abwesend (englisch)",
  robot: " · kaputter Automat",
};

function card(mailbox) {
  const unread = mailbox.unread ? h("span", { class: "badge" }, `${mailbox.unread} neu`) : null;
  return h(
    "li",
    {},
    h(
      "a",
      { href: `/mail/${encodeURIComponent(mailbox.address)}` },
      h("span", { class: "avatar", "aria-hidden": "true" }, "✉"),
      h(
        "span",
        { class: "lines" },
        h("strong", {}, mailbox.address),
        h("span", { class: "small" }, `${mailbox.count} E-Mails${MODES[mailbox.mode]}`),
        h("span", { class: "last" }, mailbox.last ? mailbox.last.subject : ""),
      ),
      h("span", { class: "side" }, mailbox.last ? h("time", {}, hour(mailbox.last.at)) : "", unread),
    ),
  );
}

async function refresh() {
  const { smtp, imap, mailboxes } = await ask("GET", "/mail");
  find("smtp").textContent = smtp;
  find("imap").textContent = imap;
  find("empty").hidden = mailboxes.length > 0;
  find("mailboxes").replaceChildren(...mailboxes.map(card));
}

find("open").addEventListener("submit", (event) => {
  event.preventDefault();
  location.assign(`/mail/${encodeURIComponent(find("address").value.trim())}`);
});

follow("/events", refresh);
