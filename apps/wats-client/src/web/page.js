// Everything works without this script; with it, pages stay up to date, and times are local ones.
"use strict";

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) {
      time.title = time.dateTime;
      time.textContent = format.format(moment);
    }
  }
}

// The part of the page that is live is fetched again and put in place of the old one, while somebody can see it.
function keepLive(part) {
  const address = part.dataset.live;
  const pause = Number(part.dataset.pause) || 2000;
  let last = "";
  async function turn() {
    if (!document.hidden && !part.contains(document.activeElement)) {
      try {
        const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "error" });
        if (answer.ok) {
          const text = await answer.text();
          if (text !== last) {
            last = text;
            part.innerHTML = text;
            localTimes(part);
          }
          document.body.classList.remove("away");
        } else if (answer.status === 403) {
          location.reload();
          return;
        }
      } catch {
        document.body.classList.add("away");
      }
    }
    setTimeout(turn, pause);
  }
  setTimeout(turn, pause);
}

localTimes(document);
document.querySelectorAll("[data-live]").forEach(keepLive);

// Which arguments a converter takes is shown for the one that is chosen.
for (const choice of document.querySelectorAll("select[data-shows]")) {
  const show = () => {
    for (const part of document.querySelectorAll("[data-converter]")) {
      part.hidden = part.dataset.converter !== choice.value;
    }
  };
  choice.addEventListener("change", show);
  show();
}

// A button that takes a while says so, and is not pressed twice.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.dataset.ask && !confirm(event.target.dataset.ask)) {
    event.preventDefault();
    return;
  }
  if (button && button.dataset.busy) {
    button.textContent = button.dataset.busy;
    button.setAttribute("aria-busy", "true");
  }
});

// "/" goes to the search, as on many pages.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && search && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    search.focus();
  }
});
