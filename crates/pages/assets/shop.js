// What the pages do beyond htmx: all of it is a convenience, and nothing is missing without it.
(() => {
  "use strict";

  // A list of choices sends its form by itself; its button is for those without scripts.
  const choices = (root) => {
    for (const list of root.querySelectorAll("select[data-submits]")) {
      const button = list.form.querySelector("button");
      if (button) button.hidden = true;
      list.onchange = () => list.form.requestSubmit();
    }
  };

  // A form is sent once per page, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
  // Back from the next page, it may be sent again: its key is the same.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    }
  });

  // An order moves: what is shown of it follows.
  let stream;
  const follow = () => {
    stream?.close();
    stream = undefined;
    const live = document.querySelector("[data-events]");
    if (!live) return;
    let shown = Number(live.dataset.version);
    stream = new EventSource(live.dataset.events);
    stream.addEventListener("order", (event) => {
      if (Number(event.lastEventId) <= shown) return;
      shown = Number(event.lastEventId);
      htmx.ajax("GET", live.dataset.part, { target: "#order", swap: "outerHTML" });
    });
  };

  // Whoever went on by a link begins to read where the new page begins.
  document.addEventListener("htmx:after:swap", (event) => {
    choices(document);
    const target = event.detail?.ctx?.target;
    if (target !== document.body) return;
    follow();
    if (!location.hash) scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  });
  choices(document);
  follow();
})();
