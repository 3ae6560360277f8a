// The fault panel: a form made from the list below, sent field by field.

import { ask, attempt, find, h } from "./kit.js";

const GROUPS = {
  "Antworten der Schnittstelle": {
    latency: ["Verzögerung (Sekunden, von–bis)", "span"],
    refuse_rate_limit: ["Abgelehnt wegen Überlast, vor der Annahme", "share"],
    error_before: ["Fehler 5xx, nicht angenommen", "share"],
    error_after: ["Fehler 5xx, aber angenommen", "share"],
    cut_before: ["Verbindung bricht ab, nicht angenommen", "share"],
    cut_after: ["Verbindung bricht ab, aber angenommen", "share"],
    late_after: ["Angenommen, aber die Antwort kommt zu spät", "share"],
    late_seconds: ["Dauer bis zur späten Antwort (Sekunden, von–bis)", "span"],
    media_error: ["Anhänge nicht abrufbar (5xx)", "share"],
    next_errors: ["Fehlercodes der nächsten Sendungen", "list"],
    next_failures: ["Angenommen, dann fehlgeschlagen mit Code", "list"],
  },
  "Grenzen (0 = keine)": {
    messages_per_second: ["Nachrichten je Sekunde und Nummer", "number"],
    pair_burst: ["Vorrat je Empfänger", "number"],
    pair_per_second: ["Nachschub je Empfänger und Sekunde", "number"],
    plus_required: ["Nummern ohne + bekommen die Landesvorwahl", "flag"],
  },
  Zustellmeldungen: {
    status_delay: ["Verzögerung (Sekunden, von–bis)", "span"],
    status_loss: ["Gehen verloren", "share"],
    status_disorder: ["Kommen durcheinander", "share"],
    skip_delivered: ["„Zugestellt“ fehlt", "share"],
    late_pricing: ["Preis erst bei „zugestellt“", "share"],
    callback_on_failed: ["„Fehlgeschlagen“ trägt unsere Kennung", "flag"],
  },
  Webhooks: {
    webhook_delay: ["Verzögerung (Sekunden, von–bis)", "span"],
    webhook_duplicate: ["Doppelt", "share"],
    webhook_reorder: ["Überholt von anderen", "share"],
    webhook_drop: ["Gehen verloren", "share"],
    webhook_concurrency: ["Gleichzeitig", "number"],
    batch_size: ["Ereignisse je Webhook, höchstens", "number"],
    batch_wait: ["Sammeln (Sekunden)", "number"],
    raw_utf8: ["Umlaute unverschlüsselt (UTF-8)", "flag"],
    media_url: ["Anhänge mit Adresse", "flag"],
    empty_emoji_on_removal: ["Entfernte Reaktion mit leerem Emoji", "flag"],
    retry_delays: ["Wiederholung nach (Sekunden)", "list"],
  },
};
const PRESETS = {
  none: null,
  slow: { latency: [0.1, 2], webhook_delay: [0.5, 3], status_delay: [1, 8] },
  hostile: {
    cut_after: 0.3, refuse_rate_limit: 0.1, error_before: 0.1, status_delay: [0.1, 5],
    status_disorder: 0.3, webhook_duplicate: 0.2, webhook_reorder: 0.2, batch_size: 20, batch_wait: 0.2,
  },
};
const STATE = {
  queued: "In der Schlange", in_flight: "Unterwegs", retrying: "Werden wiederholt",
  scheduled: "Stehen bevor", dropped: "Verloren",
};
const WHAT = Object.assign({}, ...Object.values(GROUPS));
const german = (number) => String(number).replace(".", ",");
const numbers = (text) => text.split(/[\s;–]+/).filter(Boolean).map((item) => Number(item.replace(",", ".")));

function written(kind, value) {
  if (kind === "share") return german(Math.round(value * 1000) / 10);
  if (kind === "span" || kind === "list") return value.map(german).join(kind === "span" ? " – " : " ; ");
  return german(Math.round(value * 10000) / 10000);
}

function read(kind, input) {
  if (kind === "flag") return input.checked;
  const found = numbers(input.value);
  if (found.some(Number.isNaN)) throw new Error("Bitte Zahlen eingeben.");
  if (kind === "list") return found;
  if (kind === "span") return found.length > 1 ? found.slice(0, 2) : [found[0] ?? 0, found[0] ?? 0];
  return (found[0] ?? 0) / (kind === "share" ? 100 : 1);
}

function field(name, [label, kind]) {
  const change = (event) => attempt(async () => fill(await ask("PATCH", "/faults", { [name]: read(kind, event.target) })));
  if (kind === "flag") {
    return h("p", {}, h("label", { class: "check" }, h("input", { type: "checkbox", id: name, onchange: change }), ` ${label}`));
  }
  const unit = kind === "share" ? `${label} (%)` : label;
  const input = h("input", { id: name, inputmode: "decimal", autocomplete: "off", onchange: change });
  return h("p", {}, h("label", { for: name }, unit), input);
}

function fill(faults) {
  for (const [name, [, kind]] of Object.entries(WHAT)) {
    if (kind === "flag") find(name).checked = faults[name];
    else find(name).value = written(kind, faults[name]);
  }
}

find("faults").append(
  ...Object.entries(GROUPS).map(([title, fields]) =>
    h("fieldset", {}, h("legend", {}, title), ...Object.entries(fields).map(([name, what]) => field(name, what))),
  ),
);

async function preset(name) {
  await ask("DELETE", "/faults");
  fill(await ask("PATCH", "/faults", PRESETS[name] ?? {}));
}

const ONCE = {
  day: async () => (await ask("POST", "/clock", { advance: 86400 }), "Die Uhr des Simulators geht jetzt 24 Stunden weiter vor."),
  urls: async () => (await ask("POST", "/expire-media-urls"), "Alle Adressen sind abgelaufen."),
  verify: async () => ((await ask("POST", "/webhook/verify")).verified ? "Der Webhook hat richtig geantwortet." : "Der Webhook hat nicht richtig geantwortet."),
};

document.querySelectorAll("[data-preset]").forEach((button) =>
  button.addEventListener("click", () => attempt(() => preset(button.dataset.preset))),
);
document.querySelectorAll("[data-once]").forEach((button) =>
  button.addEventListener("click", () => attempt(async () => (find("said").textContent = await ONCE[button.dataset.once]()))),
);
find("faults").addEventListener("submit", (event) => event.preventDefault());

async function look() {
  const state = await ask("GET", "/idle");
  const facts = Object.entries(STATE).flatMap(([key, label]) => [h("dt", {}, label), h("dd", {}, String(state[key]))]);
  find("state").replaceChildren(...facts);
}

attempt(async () => fill(await ask("GET", "/faults")));
attempt(look);
setInterval(() => attempt(look), 1000);
