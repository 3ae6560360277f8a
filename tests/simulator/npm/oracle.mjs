// The unmodified npm client between the simulator and the test: receives webhooks, does what it is told.

import { createServer } from "node:http";
import { createWhatsAppAdapter } from "@chat-adapter/whatsapp";
import { createMemoryState } from "@chat-adapter/state-memory";
import { Actions, Button, Card, CardText, Chat, getEmoji } from "chat";

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const adapter = createWhatsAppAdapter({
  apiUrl: process.env.WHATSAPP_API_URL,
  apiVersion: "v26.0",
  accessToken: process.env.WHATSAPP_ACCESS_TOKEN,
  appSecret: process.env.WHATSAPP_APP_SECRET,
  verifyToken: process.env.WHATSAPP_VERIFY_TOKEN,
  phoneNumberId: process.env.WHATSAPP_PHONE_NUMBER_ID,
  userName: "rathaus",
  logger: quiet,
});
const chat = new Chat({ userName: "rathaus", adapters: { whatsapp: adapter }, state: createMemoryState(), logger: quiet });
const heard = [];
const files = new Map();

async function hear(thread, message) {
  for (const attachment of message.attachments) files.set(message.id, attachment);
  heard.push({ kind: "message", thread: thread.id, id: message.id, text: message.text, author: message.author.userId });
}

chat.onDirectMessage(hear);
chat.onReaction(async (event) => heard.push({ kind: "reaction", id: event.messageId, emoji: event.rawEmoji }));
chat.onAction(async (event) => heard.push({ kind: "action", id: event.actionId, value: event.value ?? null }));

const card = ({ text, buttons }) =>
  Card({ children: [CardText(text), Actions(buttons.map(([id, label]) => Button({ id, label })))] });

const actions = {
  heard: () => heard,
  open: ({ user }) => adapter.openDM(user),
  post: async ({ thread, text }) => (await adapter.postMessage(thread, text)).id,
  reply: async ({ thread, id, text }) => (await adapter.reply(thread, id, text)).id,
  buttons: async ({ thread, ...rest }) => (await adapter.postMessage(thread, card(rest))).id,
  file: async ({ thread, data, filename, mimeType, text }) => {
    const upload = { data: Buffer.from(data, "base64"), filename, mimeType };
    return (await adapter.postMessage(thread, { markdown: text, files: [upload] })).id;
  },
  react: ({ thread, id }) => adapter.addReaction(thread, id, getEmoji("thumbs_up")),
  unreact: ({ thread, id }) => adapter.removeReaction(thread, id, getEmoji("thumbs_up")),
  typing: ({ thread }) => adapter.startTyping(thread),
  read: ({ id }) => adapter.markAsRead(id),
  download: ({ id }) => files.get(id).fetchData().then(() => "fetched", String),
};

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function webhook(request) {
  const method = request.method;
  const content = method === "POST" ? await body(request) : undefined;
  const asked = new Request(`http://oracle${request.url}`, { method, headers: request.headers, body: content });
  const pending = [];
  const answer = await chat.webhooks.whatsapp(asked, { waitUntil: (task) => pending.push(task) });
  await Promise.all(pending);
  return [answer.status, await answer.text()];
}

async function order(request) {
  const { action, ...rest } = JSON.parse(await body(request));
  try {
    return [200, JSON.stringify({ answer: (await actions[action](rest)) ?? null })];
  } catch (error) {
    return [500, JSON.stringify({ error: String(error) })];
  }
}

const server = createServer(async (request, response) => {
  const [status, text] = request.url.startsWith("/do") ? await order(request) : await webhook(request);
  response.writeHead(status).end(text);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
