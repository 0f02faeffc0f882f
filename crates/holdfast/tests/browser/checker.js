// What keeps people out of a page, as sentences: a compact checker of the serious rules of WCAG 2.2 AA that a program can
// judge: language, title, landmarks, headings, names, labels, alternatives, ids, contrast of text, size of targets, and
// whether a page has to be moved sideways.
const faults = [];
const say = (rule, element) => faults.push(`${rule}: ${element ? element.outerHTML.slice(0, 120) : ""}`);
const seen = (element) => {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && style.display !== "none";
};
const all = (css) => [...document.querySelectorAll(css)];
const byIds = (ids) => (ids ?? "").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
const name = (element) => [
  element.getAttribute("aria-label"), byIds(element.getAttribute("aria-labelledby")), element.textContent,
  ...[...element.querySelectorAll("img[alt]")].map((image) => image.alt),
].join("").trim();

if (!document.documentElement.lang) say("language is not said");
if (!document.title.trim()) say("title is empty");
for (const [css, role] of [["main", "main"], ["header", "banner"], ["footer", "contentinfo"]]) {
  const there = all(`${css}, [role=${role}]`).filter((one) => !one.hasAttribute("role") || one.getAttribute("role") === role);
  if (there.length !== 1) say(`landmark ${role} is there ${there.length} times`);
}
if (all("h1").filter(seen).length !== 1) say(`heading of the first rank is there ${all("h1").length} times`);
let rank = 0;
for (const heading of all("h1, h2, h3, h4").filter(seen)) {
  const own = Number(heading.tagName[1]);
  if (rank && own > rank + 1) say("heading leaves out a rank", heading);
  rank = own;
}
for (const image of all("img")) if (!image.hasAttribute("alt")) say("alt is missing", image);
for (const one of all("a[href], button, summary").filter((one) => !one.closest("[aria-hidden=true]"))) if (!name(one)) say("name is missing", one);
for (const one of all("input:not([type=hidden]), select, textarea")) {
  const labels = [...(one.labels ?? [])].map((label) => label.textContent).join("").trim();
  if (!labels && !one.getAttribute("aria-label")) say("label is missing", one);
}
const ids = new Map();
for (const one of all("[id]")) ids.set(one.id, (ids.get(one.id) ?? 0) + 1);
for (const [id, times] of ids) if (times > 1) say(`id ${id} is there ${times} times`);
for (const one of all("[aria-describedby]")) if (!byIds(one.getAttribute("aria-describedby")).trim()) say("description is missing", one);
for (const one of all("nav a, button, .button, summary").filter(seen)) {
  const box = one.getBoundingClientRect();
  if (box.height < 24 || box.width < 24) say("target is small", one);
}
if (document.documentElement.scrollWidth > innerWidth + 1) say(`page goes sideways: ${document.documentElement.scrollWidth} in ${innerWidth}`);

const parse = (text) => {
  const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  return { r, g, b, a };
};
const over = (top, below) => Object.fromEntries([..."rgb"].map((c) => [c, top[c] * top.a + below[c] * (1 - top.a)]).concat([["a", 1]]));
const ground = (element) => {
  const layers = [];
  for (let one = element; one; one = one.parentElement) layers.push(parse(getComputedStyle(one).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), { r: 255, g: 255, b: 255, a: 1 });
};
const light = ({ r, g, b }) => {
  const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const done = new Set();
while (walk.nextNode()) {
  const element = walk.currentNode.parentElement;
  if (!walk.currentNode.textContent.trim() || done.has(element) || !seen(element)) continue;
  if (element.closest(".unseen, .skip, noscript, option, [aria-hidden=true]")) continue;
  done.add(element);
  const style = getComputedStyle(element);
  const below = ground(element);
  const [one, two] = [light(over(parse(style.color), below)), light(below)].sort((a, b) => b - a);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
  const ratio = (one + 0.05) / (two + 0.05);
  if (ratio < (large ? 3 : 4.5)) say(`contrast is ${ratio.toFixed(2)}`, element);
}
return faults;
