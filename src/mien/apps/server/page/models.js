// Models: what answers, under which licence, how good it was measured.

import { el } from "./dom.js";
import { attempt, request } from "./server.js";

export function models() {
  const place = el("div", { class: "cards", id: "model-list" });
  attempt("Reading the models …", () => request("GET", "v1/models")).then((answer) => {
    if (answer !== null) place.replaceChildren(...answer.models.map(model));
  });
  return el("section", {}, el("h2", {}, "Models and licences"), place);
}

function model(spec) {
  const rows = [["task", spec.task], ["licence", `${spec.licence} (${spec.use})`], ["author", spec.author],
    ["source", spec.source], ["trained on", spec.training_data], ["data terms", spec.data_terms]];
  return el("div", { class: "card" }, el("h3", {}, spec.name), el("p", { class: "soft small" }, spec.summary),
    el("dl", {}, rows.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])),
    el("details", {}, el("summary", {}, "Measured"), el("dl", {}, measured(spec.accuracy))),
    Object.keys(spec.groups).length === 0 ? null
      : el("details", {}, el("summary", {}, "For whom it works less well"), el("dl", {}, measured(spec.groups))));
}

function measured(accuracy, before = "") {
  return Object.entries(accuracy).flatMap(([name, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value) ? measured(value, `${before}${name}: `)
      : [el("dt", {}, before + name), el("dd", {}, String(value))]);
}
