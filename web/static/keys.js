// Keys for those who do not reach for the mouse, and an overview that stays fresh. Everything works without it.
"use strict";

const find = document.querySelector("[data-find]");
const pages = new Map([...document.querySelectorAll(".main a[data-key]")].map((link) => [link.dataset.key, link.href]));
let going = false;

function go(on) {
  going = on;
  document.body.toggleAttribute("data-going", on);
}

function step(by) {
  const listed = [...document.querySelectorAll("main .list tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
  const at = listed.indexOf(document.activeElement);
  const next = listed[at < 0 ? (by > 0 ? 0 : listed.length - 1) : at + by];
  if (next) next.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  if (event.key === "/" && find) {
    event.preventDefault();
    find.focus();
    find.select();
  } else if (event.key === "g") {
    go(true);
    return;
  } else if (going && pages.has(event.key)) {
    location.assign(pages.get(event.key));
  } else if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  }
  go(false);
});

document.addEventListener("click", (event) => {
  const open = document.querySelector(".main .more[open]");
  if (open && !open.contains(event.target)) open.open = false;
});

const LIVE_MILLISECONDS = 10000;

async function freshen() {
  const shown = document.querySelector("[data-live]");
  if (!shown || document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  if (fresh && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
}

if (document.querySelector("[data-live]")) setInterval(freshen, LIVE_MILLISECONDS);
