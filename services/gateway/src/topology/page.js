// Draws the live house: asks the gateway twice a second who is there and what is wrong. The token stays in this page's memory.

const floors = [["gateway"], ["order", "user", "news"], ["control"]];
const ways = [["gateway", "order"], ["gateway", "user"], ["gateway", "news"], ["order", "user"]];
const PERIOD = 500;
const LATE = 3000;

const at = (id) => document.getElementById(id);
let tokens;

/** Makes an element with a text or with children. */
function make(name, of = {}, ...children) {
  const element = Object.assign(document.createElement(name), of);
  element.append(...children);
  return element;
}

async function ask(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (tokens) headers.Authorization = `Bearer ${tokens.access_token}`;
  const request = body ? { method: "POST", body: JSON.stringify(body), headers } : { headers };
  const answer = await fetch(path, { ...request, signal: AbortSignal.timeout(LATE) });
  const said = await answer.json();
  if (answer.status === 401 && said.code === "token_expired" && !body) {
    tokens = await ask("/v1/auth/refresh", { refresh_token: tokens.refresh_token });
    return ask(path);
  }
  if (!answer.ok) throw new Error(said.detail ?? said.title ?? answer.statusText);
  return said;
}

function state(one) {
  return one.state === "up" && one.drained ? "drained" : one.state;
}

function tile(one) {
  const memory = `${Math.round(one.memory_bytes / 1048576)} MiB`;
  const room = make("meter", { max: Math.max(one.limit, 1), value: one.in_flight, title: `${one.in_flight} of ${one.limit} at once` });
  const element = make("article", { className: `instance ${state(one)}` },
    make("b", {}, one.id, make("span", {}, state(one))),
    make("p", {}, `${one.requests_per_second.toFixed(1)} requests/s, ${one.latency_millis.toFixed(1)} ms`),
    make("p", {}, `weight ${one.weight}, ${memory}, ${one.version}`),
    room);
  element.dataset.instance = one.id;
  element.title = one.degraded.length ? `goes on without ${one.degraded.join(", ")}` : one.address;
  return element;
}

function service(name, instances) {
  const rate = instances.reduce((sum, one) => sum + one.requests_per_second, 0);
  const element = make("section", { className: "service" },
    make("h2", {}, name, make("span", {}, `${rate.toFixed(1)} requests/s`)),
    make("div", { className: "instances" }, ...instances.map(tile)));
  element.dataset.service = name;
  element.dataset.rate = rate;
  return element;
}

function draw(instances) {
  const known = new Set(floors.flat());
  const others = [...new Set(instances.map((one) => one.service))].filter((name) => !known.has(name));
  const rows = [...floors, others].map((names) => names.filter((name) => instances.some((one) => one.service === name)));
  at("floors").replaceChildren(...rows.filter((row) => row.length).map((row) =>
    make("div", { className: "floor" }, ...row.map((name) => service(name, instances.filter((one) => one.service === name))))));
  connect();
}

/** Draws a way between two services, the broader the more is asked of the second one. */
function connect() {
  const house = at("house").getBoundingClientRect();
  const find = (name) => document.querySelector(`[data-service="${name}"]`);
  const paths = ways.map(([from, to]) => [find(from), find(to)]).filter(([from, to]) => from && to).map(([from, to]) => {
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
  });
  at("ways").replaceChildren(...paths);
}

function list(faults) {
  const rows = faults.map((one) => make("li", {},
    make("b", {}, `${one.type.replaceAll("_", " ")}: ${one.component}`),
    make("div", {}, one.handling),
    make("small", {}, `since ${new Date(one.occurred_at).toLocaleTimeString()}, ${one.severity}, number ${one.number}${one.cause ? `, because of ${one.cause}` : ""}`)));
  at("open").replaceChildren(...(rows.length ? rows : [make("li", { className: "none" }, "None.")]));
}

function say(words, bad) {
  at("word").textContent = words;
  at("word").className = bad ? "bad" : "";
}

async function follow() {
  for (;;) {
    try {
      const [registry, faults] = await Promise.all([ask("/v1/admin/registry"), ask("/v1/admin/faults?open=true&limit=100")]);
      draw(registry.data);
      list(faults.data);
      const silent = registry.data.filter((one) => one.state === "silent").length;
      const parts = `${registry.data.length} instances`;
      say(silent ? `${parts}, ${silent} silent, ${new Date().toLocaleTimeString()}` : `${parts}, ${new Date().toLocaleTimeString()}`, silent);
    } catch (error) {
      say(`Shown as it was last: ${error.message}`, true);
    }
    await new Promise((done) => setTimeout(done, PERIOD));
  }
}

at("door").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, password } = Object.fromEntries(new FormData(event.target));
  const who = name.includes("@") ? { email: name } : { registration_number: name };
  try {
    tokens = await ask("/v1/auth/login", { ...who, password });
    at("refused").textContent = "";
    at("door").hidden = true;
    at("house").hidden = false;
    follow();
  } catch (error) {
    at("refused").textContent = error.message;
  }
});
addEventListener("resize", connect);
