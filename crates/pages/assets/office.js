// What the back office does by itself: follows what lives, and draws the ways between services. Nothing is missing without it.
(() => {
  "use strict";
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const PERIOD = 1000;
  const LATE = 3000;
  const WAYS = [["gateway", "order"], ["gateway", "user"], ["gateway", "news"], ["order", "user"]];
  const lost = document.querySelector("[data-lost]");

  // A way between two services is the broader the more is asked of the second one.
  const connect = () => {
    const paths = live.querySelector(".paths");
    if (!paths) return;
    const house = paths.getBoundingClientRect();
    const find = (name) => live.querySelector(`[data-service="${name}"]`);
    paths.replaceChildren(...WAYS.map(([from, to]) => [find(from), find(to)]).filter(([from, to]) => from && to).map(([from, to]) => {
      const [a, b] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
      const level = Math.abs(a.top - b.top) < 4;
      const [x1, y1] = level ? [a.right, a.top + a.height / 2] : [a.left + a.width / 2, a.bottom];
      const [x2, y2] = level ? [b.left, b.top + b.height / 2] : [b.left + b.width / 2, b.top];
      const bend = level ? [(x1 + x2) / 2, y1, (x1 + x2) / 2, y2] : [x1, (y1 + y2) / 2, x2, (y1 + y2) / 2];
      const [ox, oy] = [house.left, house.top];
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", `M${x1 - ox} ${y1 - oy}C${bend[0] - ox} ${bend[1] - oy} ${bend[2] - ox} ${bend[3] - oy} ${x2 - ox} ${y2 - oy}`);
      path.setAttribute("stroke-width", (1.5 + Math.log10(1 + Number(to.dataset.rate)) * 2.5).toFixed(1));
      return path;
    }));
  };

  // Whoever is on a link stays on it though the link is drawn anew.
  const draw = (text) => {
    const at = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : undefined;
    live.innerHTML = text;
    if (at) live.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus({ preventScroll: true });
    connect();
  };

  const look = async () => {
    const asked = { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(LATE) };
    const answer = await fetch(location.href, asked);
    // Whoever is signed out meanwhile is led to the door by the whole page.
    if (answer.redirected) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    draw(await answer.text());
  };

  const follow = async () => {
    for (;;) {
      await new Promise((done) => setTimeout(done, PERIOD));
      if (document.hidden) continue;
      try {
        await look();
        if (lost) lost.hidden = true;
      } catch {
        if (lost) lost.hidden = false;
      }
    }
  };

  addEventListener("resize", connect);
  connect();
  follow();
})();
