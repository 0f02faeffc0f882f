// What keeps people out of a page, as sentences, where the rules of WCAG 2.2 AA in axe-core do not say it: landmarks and
// headings, which axe takes for good practice only; descriptions that lead nowhere, which it leaves to people; a page that
// has to be moved sideways.
const faults = [];
const say = (rule, element) => faults.push(`${rule}: ${element ? element.outerHTML.slice(0, 120) : ""}`);
const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().width > 1;
const all = (css) => [...document.querySelectorAll(css)];

for (const [css, role] of [["main", "main"], ["header", "banner"], ["footer", "contentinfo"]]) {
  const there = all(`${css}, [role=${role}]`).filter((one) => (one.getAttribute("role") ?? role) === role);
  if (there.length !== 1) say(`landmark ${role} is there ${there.length} times`);
}
const headings = all("h1, h2, h3, h4").filter(seen);
const first = headings.filter((one) => one.tagName === "H1").length;
if (first !== 1) say(`heading of the first rank is there ${first} times`);
headings.map((one) => Number(one.tagName[1])).reduce((above, own, at) => {
  if (above && own > above + 1) say("heading leaves out a rank", headings[at]);
  return own;
}, 0);
for (const one of all("[aria-describedby]")) {
  const text = one.getAttribute("aria-describedby").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "");
  if (!text.join("").trim()) say("description is missing", one);
}
if (document.documentElement.scrollWidth > innerWidth + 1) say(`page goes sideways: ${document.documentElement.scrollWidth} in ${innerWidth}`);
return faults;
