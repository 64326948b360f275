// Which page is shown: the part of the address after #.

import { compare } from "./compare.js";
import { say } from "./dom.js";
import { look } from "./look.js";
import { models } from "./models.js";
import { people } from "./people.js";

const PAGES = { look, compare, people, models };

function show() {
  const name = location.hash.slice(1) in PAGES ? location.hash.slice(1) : "look";
  if (location.hash === "#content") return;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  say("");
  document.title = `mien: ${name}`;
  document.getElementById("content").replaceChildren(PAGES[name]());
}

addEventListener("hashchange", show);
addEventListener("dragover", (event) => event.preventDefault());
// A picture dropped beside its place must not replace the page.
addEventListener("drop", (event) => event.preventDefault());
show();
