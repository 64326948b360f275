// Events of the server, read as they come: like EventSource, but with the key that it cannot send.

import { open } from "./server.js";

/** Read an event stream until it ends or `signal` aborts; `onEvent(name, data)`. */
export async function events(path, onEvent, { signal }) {
  const answer = await open("GET", path, { signal, headers: { Accept: "text/event-stream" } });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trimStart()]);
      const name = fields.find(([field]) => field === "event")?.[1] ?? "message";
      const data = fields.filter(([field]) => field === "data").map(([, text]) => text).join("\n");
      if (data) onEvent(name, JSON.parse(data));
    }
  }
}
