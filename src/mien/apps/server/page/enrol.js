// Enrol: one person in one picture, with what they agreed to.

import { dropzone, el, say } from "./dom.js";
import { attempt, formOf, request } from "./server.js";

export function enrolment(album, refresh) {
  let picture = null;
  const chosen = el("p", { id: "chosen" }, "No picture yet.");
  const name = el("input", { required: true, maxlength: 200, id: "enrol-name", autocomplete: "off" });
  const purpose = el("input", { required: true, maxlength: 200, id: "enrol-purpose", placeholder: "what they agreed to", autocomplete: "off" });
  const keep = el("input", { type: "checkbox", id: "enrol-keep" });

  async function enrol(event) {
    event.preventDefault();
    if (picture === null) { say("Choose a picture of the person first.", "wrong"); return; }
    if (keep.checked && !album.keepsCrops) { say("This gallery is not encrypted, so it keeps no pictures: mien gallery rotate-key.", "wrong"); return; }
    const form = formOf({ image: picture }, { name: name.value, purpose: purpose.value, keep_crop: keep.checked });
    const done = await attempt("Enrolling …", () => request("POST", "v1/subjects", { form }));
    if (done === null) return;
    await refresh();
    const alike = done.lookalikes.map((other) => `person ${other.subject_id}`).join(", ");
    say(done.status === "already" ? "This picture is enrolled already." : alike
      ? `Enrolled; resembles ${alike}: the same person?` : "Enrolled.");
  }

  return el("form", { onsubmit: enrol },
    dropzone("Choose a picture", (file) => { picture = file; chosen.textContent = file.name ?? "A picture."; }, { id: "enrol-file", extra: [chosen] }),
    el("p", { class: "row" }, el("label", {}, "Name", name), el("label", {}, "Consent", purpose),
      el("button", { class: "chief", type: "submit" }, "Enrol")),
    el("p", { class: "flat" }, el("label", { class: "tick" }, keep, "keep a picture of the face (small, encrypted, erased with the person)")));
}
