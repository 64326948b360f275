// Elements, messages and questions: everything that touches the document.

/** Make an element. Text is always text: nothing that a server or a file says becomes markup. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Say one thing to the person; kind is "", "wrong" or "wait". */
export function say(text, kind = "") {
  const notice = document.getElementById("notice");
  notice.className = kind;
  notice.textContent = text;
}

/** Ask before something that cannot be undone, or for one line of text; null when cancelled.
 * With `match` only that text means yes. */
export function ask({ title, text = "", yes, field = null, value = "", secret = false, match = null }) {
  const dialog = document.getElementById("ask");
  const input = dialog.querySelector("input");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("p").textContent = text;
  dialog.querySelector("label").hidden = field === null;
  dialog.querySelector("label span").textContent = field ?? "";
  const sure = dialog.querySelector("button.chief");
  sure.textContent = yes;
  sure.classList.toggle("bad", match !== null);
  const same = () => match === null || input.value.trim().toLowerCase() === match.trim().toLowerCase();
  input.oninput = () => { sure.disabled = !same(); };
  input.type = secret ? "password" : "text";
  input.value = value;
  sure.disabled = !same();
  dialog.returnValue = "no";
  // Enter means yes, so Cancel must not be the form's first submit button.
  dialog.querySelector("button[value=no]").onclick = () => dialog.close("no");
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const answer = field === null ? "" : input.value.trim();
      resolve(dialog.returnValue === "yes" ? answer : null);
    }, { once: true });
    dialog.showModal();
    (field === null ? dialog.querySelector("button[value=no]") : input).focus();
  });
}

/** A place to drop or choose a picture. */
export function dropzone(label, onPicture, { id, extra = [] } = {}) {
  const input = el("input", { type: "file", accept: "image/*", id, hidden: true,
    onchange: () => input.files.length && onPicture(input.files[0]) });
  const zone = el("div", { class: "drop" },
    el("button", { type: "button", class: "chief", onclick: () => input.click() }, label),
    ...extra, el("p", {}, "or drop a picture here"), input);
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const file = event.dataTransfer.files[0];
    if (file) onPicture(file);
  });
  return zone;
}

/** Labelled shares 0..1 as bars with their numbers. */
export function bars(entries, { scale = 1, digits = 0, unit = " %" } = {}) {
  const cells = entries.flatMap(([name, share]) => [
    el("span", {}, name),
    el("i", {}, el("b", { style: { width: `${Math.max(0, Math.min(100, 100 * share / scale))}%` } })),
    el("span", { class: "num" }, share === null ? "–" : `${(100 * share / scale).toFixed(digits)}${unit}`),
  ]);
  return el("div", { class: "bars" }, cells);
}
