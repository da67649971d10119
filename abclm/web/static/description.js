// Sends the requests in the forms of the API's description and shows the responses.

for (const form of document.querySelectorAll("form.trial")) {
  const [status, shown, body] = ["p", "pre", "textarea"].map((name) => form.querySelector(name));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    status.textContent = "…";
    shown.textContent = "";
    try {
      const response = await fetch(form.dataset.path, {
        method: form.dataset.method,
        ...(body && { body: body.value, headers: { "Content-Type": "application/json" } }),
      });
      const type = response.headers.get("Content-Type") || "";
      const isText = /json|xml|text/.test(type);
      const content = isText ? await response.text() : (await response.blob()).size;
      status.textContent = `${response.status} ${response.statusText} ${type}`;
      shown.textContent = isText ? content : `${content.toLocaleString()} bytes`;
    } catch (error) {
      status.textContent = error.message;
    }
    shown.hidden = shown.textContent === "";
  });
}
