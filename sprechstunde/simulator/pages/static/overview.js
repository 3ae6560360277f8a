// The overview: all phones, the newest line of each, and new phones with one click.

import { ask, attempt, find, follow, h, hour, summary } from "./kit.js";

const handles = ["anna.b", "fahrradfan", "kaethe47", "mehmet.y", "parkbank", "wasserturm", "lena_liest", "talblick"];

function order(kind, count) {
  if (kind === "number") return {};
  const username = `${handles[count % handles.length]}${count >= handles.length ? count : ""}`;
  return { username, shows_phone: kind === "both" };
}

function identity(citizen) {
  const name = citizen.username ? `@${citizen.username}` : "";
  const number = citizen.shows_phone ? `+${citizen.phone}` : "Nummer verborgen";
  return [name, number].filter(Boolean).join(" · ");
}

function card(citizen) {
  const unread = citizen.unread ? h("span", { class: "badge" }, `${citizen.unread} neu`) : null;
  return h(
    "li",
    {},
    h(
      "a",
      { href: `/phones/${citizen.id}` },
      h("span", { class: "avatar", "aria-hidden": "true" }, citizen.name.slice(0, 1)),
      h(
        "span",
        { class: "lines" },
        h("strong", {}, citizen.name),
        h("span", { class: "small" }, identity(citizen) + (citizen.online ? "" : " · ausgeschaltet")),
        h("span", { class: "last" }, summary(citizen.last)),
      ),
      h("span", { class: "side" }, citizen.last ? h("time", {}, hour(citizen.last.at)) : "", unread),
    ),
  );
}

let known = 0;

async function refresh() {
  const { citizens, business } = await ask("GET", "/citizens");
  known = citizens.length;
  find("office").textContent = business;
  find("empty").hidden = known > 0;
  find("phones").replaceChildren(...citizens.map(card));
}

document.querySelectorAll("[data-kind]").forEach((button) =>
  button.addEventListener("click", () =>
    attempt(async () => {
      const citizen = await ask("POST", "/citizens", order(button.dataset.kind, known));
      location.assign(`/phones/${citizen.id}`);
    }),
  ),
);

follow("/events", refresh);
