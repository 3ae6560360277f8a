// What all pages share: talking to the control API, building elements, listening for changes.

export async function ask(method, path, order) {
  const reply = await fetch(`/control${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: method === "GET" ? undefined : JSON.stringify(order ?? {}),
  });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error ?? "Das hat nicht geklappt.");
  return answer;
}

// Build an element; strings become text, so that nothing a citizen writes is ever markup.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const find = (id) => document.getElementById(id);

export async function attempt(action) {
  find("problem").textContent = "";
  try {
    return await action();
  } catch (error) {
    find("problem").textContent = error.message;
    return null;
  }
}

// Refresh now and after every change; changes during a refresh lead to one more.
export function follow(path, refresh) {
  let running = false;
  let again = false;
  const run = async () => {
    again = running;
    if (running) return;
    running = true;
    await attempt(refresh);
    running = false;
    if (again) run();
  };
  new EventSource(`/control${path}`).addEventListener("changed", run);
  run();
  return run;
}

const clock = new Intl.DateTimeFormat("de-DE", { hour: "2-digit", minute: "2-digit" });
export const hour = (seconds) => clock.format(new Date(seconds * 1000));

export const KINDS = {
  image: "Bild",
  video: "Video",
  audio: "Sprachnachricht",
  document: "Dokument",
  sticker: "Sticker",
  location: "Standort",
  contacts: "Kontakt",
  template: "Vorlage",
  unsupported: "Nicht unterstützt",
};

export function summary(message) {
  if (!message) return "Noch keine Nachricht";
  return message.text || KINDS[message.type] || `[${message.type}]`;
}
