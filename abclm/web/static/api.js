// Sends requests to the server; waits and tries again when it is busy.

const MOST_TRIES = 6;

export class Refused extends Error {}

// Sends JSON and returns the response; calls `busy` with the seconds until the next try.
export async function ask(path, body, { signal, busy = () => {}, tries: most = MOST_TRIES } = {}) {
  for (let tries = 1; ; tries++) {
    let response;
    try {
      response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused("The server can't be reached; is abclm serve still running?");
    }
    if (response.ok) return response;
    if (response.status !== 429 || tries >= most) throw new Refused(await reason(response));
    const seconds = Math.min(60, Number(response.headers.get("Retry-After")) || 1);
    busy(seconds);
    // The random part keeps many pages from trying at the same moment.
    await pause((seconds + Math.random()) * 1000, signal);
  }
}

// Requests a tune; yields each event as it arrives.
export async function* write(wishes, options) {
  const response = await ask("/api/generate/stream", wishes, options);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Refused("The connection to the server ended before the tune was complete.");
    });
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

// Requests a drawing; resolves to an element of this document.
export async function askDrawing(path, body, options) {
  const response = await ask(path, body, options);
  // The page's own style sheet says what verovio's says, which the page's policy would not let in.
  const text = (await response.text()).replace(/<style[^]*?<\/style>/g, "");
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    // This way no text becomes markup of this page.
    const parsed = await new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("GET", url);
      request.responseType = "document";
      request.onload = () => resolve(request.responseXML);
      request.onerror = () => reject(new Refused("The score can't be shown."));
      request.send();
    });
    if (!parsed?.documentElement) throw new Refused("The score can't be shown.");
    for (const each of parsed.querySelectorAll("script, title")) each.remove();
    return document.importNode(parsed.documentElement, true);
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function reason(response) {
  try {
    return (await response.json()).error || response.statusText;
  } catch {
    return `The server answered ${response.status} ${response.statusText}.`;
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    }, { once: true });
  });
}
