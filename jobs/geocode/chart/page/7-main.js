// The page.
const colours = () => {
  const s = getComputedStyle(document.documentElement), v = (n) => s.getPropertyValue("--" + n).trim();
  return { sea: v("sea"), land: v("land"), coast: v("coast"), border: v("border"), grid: v("grid"), name: v("name"), halo: v("halo"), town: v("town"), edge: v("edge"), solid: v("solid"), text: v("text"), name0: v("c5"), kinds: [0, 1, 2, 3, 4, 5].map((k) => v("c" + k)) };
};

class Page {
  constructor(world, data) {
    this.data = data;
    this.colours = colours();
    this.points = new Points(data);
    this.rows = new Rows(data, this.points);
    this.background = new Background(world);
    this.view = new View($("map"), () => this.ask());
    this.marks = new Marks(this.points, this.view);
    this.list = new List(this.rows, (r) => this.choose(r, true));
    this.legend();
    this.listen();
    this.around(true);
    this.paint();
  }

  // ask has the map drawn once, before the screen is next.
  ask() {
    if (this.asked || !this.marks) return;
    this.asked = true;
    requestAnimationFrame(() => { this.asked = false; this.paint(); });
  }

  paint() {
    const begun = performance.now();
    const v = this.view, ctx = $("map").getContext("2d");
    ctx.setTransform(v.dense, 0, 0, v.dense, 0, 0);
    this.background.draw(ctx, v, this.colours);
    this.marks.draw(ctx, this.colours);
    this.scaleBar();
    this.placeCard();
    document.documentElement.dataset.painted = (performance.now() - begun).toFixed(1);
  }

  scaleBar() {
    const v = this.view, metre = v.scale / (40075016.7 * Math.cos((latOf(v.y) * Math.PI) / 180));
    let m = 10 ** Math.floor(Math.log10(150 / metre));
    m *= [5, 2, 1].find((k) => m * k * metre <= 150) || 1;
    const span = $("scale").firstElementChild;
    span.style.width = Math.round(m * metre) + "px";
    span.textContent = m >= 1000 ? many(m / 1000) + " km" : m + " m";
  }

  // room is how much of the screen the panels cover.
  room() {
    const wide = this.view.w > 760, open = !$("rows").hidden;
    if (wide) return { left: 340, right: open ? 420 : 60, top: 50, bottom: 70 };
    return { left: 30, right: 30, top: $("legend").offsetHeight + 30, bottom: open ? this.view.h * 0.55 : 90 };
  }

  around(atOnce) {
    const b = this.points.bounds() || [0.05, 0.15, 0.95, 0.8];
    // A single place is shown with its surroundings.
    const least = 0.0006, grow = (i) => Math.max(0, least - (b[i + 2] - b[i])) / 2;
    this.view.show([b[0] - grow(0), b[1] - grow(1), b[2] + grow(0), b[3] + grow(1)], this.room(), atOnce);
  }

  // whole is around at the user's wish.
  whole() {
    this.around();
    this.view.touched = false;
  }

  legend() {
    const d = this.data, c = d.counts;
    const counts = $("counts");
    counts.append(el("b", "", many(c.located)), ` of ${many(c.rows)} ${c.rows === 1 ? "row" : "rows"} on the map`);
    for (const [k, name, meaning] of CLASSES) {
      if (!c.precision[k]) continue;
      const part = el("i");
      part.style.flex = String(c.precision[k]);
      part.style.background = `var(--c${k})`;
      $("bar").append(part);
      this.entry(name, meaning, c.precision[k], `var(--c${k})`, false, (on) => { this.points.shown[k] = on; });
    }
    $("bar").hidden = !c.located;
    if (c.low_located) this.entry("Low confidence", "Drawn with a hole, in the colour of its precision", c.low_located, "var(--soft)", true, (on) => { this.points.lowShown = on; });
    const note = [];
    if (d.every > 1) note.push(`There are too many points for one page: every ${d.every === 2 ? "second" : d.every + "th"} is shown. The numbers count all.`);
    $("note").textContent = note.join(" ");
    $("note").hidden = !note.length;
    const open = $("open");
    open.hidden = !c.rows;
    open.append(el("span", "", this.list.bad ? "To look at" : "All rows"), el("b", "", many(this.list.bad || c.rows) + " ›"));
    $("sources").textContent = [...d.attributions, "Outlines: Natural Earth, US Census Bureau", "Cities: GeoNames (CC BY 4.0)", "Made by brood" + (d.made ? ", " + d.made : "")].join("  ·  ");
    $("sources").title = $("sources").textContent;
    this.ways();
  }

  entry(name, meaning, n, colour, ring, set) {
    const li = el("li"), b = el("button"), swatch = el("span", "swatch" + (ring ? " ring" : ""));
    swatch.style.borderColor = colour;
    if (!ring) swatch.style.background = colour;
    b.type = "button";
    b.title = meaning;
    b.setAttribute("aria-pressed", "true");
    b.append(swatch, el("span", "", name), el("span", "count", many(n)));
    b.addEventListener("click", () => {
      const on = b.getAttribute("aria-pressed") !== "true";
      b.setAttribute("aria-pressed", String(on));
      if (!ring) swatch.style.background = on ? colour : "";
      set(on);
      this.points.changed();
      this.ask();
    });
    li.append(b);
    $("classes").append(li);
  }

  ways() {
    $("ways").hidden = this.points.n < 2;
    for (const b of $("ways").children) {
      b.setAttribute("aria-pressed", String(b.dataset.way === this.marks.way));
      b.onclick = () => { this.marks.way = b.dataset.way; this.ways(); this.ask(); };
    }
  }

  listen() {
    $("open").addEventListener("click", () => this.open(true));
    $("close").addEventListener("click", () => this.open(false));
    $("in").addEventListener("click", () => this.view.press("+"));
    $("out").addEventListener("click", () => this.view.press("-"));
    $("fit").addEventListener("click", () => this.whole());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.colours = colours(); this.ask(); });
    this.view.clicked = (x, y, reach) => this.click(x, y, reach);
    this.view.hovered = (x, y) => this.hover(x, y);
    document.addEventListener("keydown", (e) => {
      const typing = e.target.tagName === "INPUT";
      if (e.key === "Escape") this.escape(typing);
      else if (typing || e.ctrlKey || e.metaKey || e.altKey) return;
      else if (e.key === "/") this.open(true);
      else if (e.key === "0" || e.key === "Home") this.whole();
      else if ((e.target !== $("map") && e.target !== document.body) || !this.view.press(e.key)) return;
      e.preventDefault();
    });
  }

  escape(typing) {
    if (this.shown !== undefined) this.choose(undefined);
    else if (typing && $("search").value) { $("search").value = ""; this.list.fill(); } else this.open(false);
  }

  open(on) {
    const before = $("rows").hidden;
    $("rows").hidden = !on;
    $("open").setAttribute("aria-expanded", String(on));
    if (!on) return $("map").focus({ preventScroll: true });
    if (before) {
      this.list.fill();
      if (!this.view.touched) this.around();
    }
    $("search").focus({ preventScroll: true });
  }

  hover(x, y) {
    const tip = $("tip"), hit = x === null || x === undefined ? null : this.marks.under(x, y, 10);
    $("map").classList.toggle("over", !!hit);
    tip.hidden = !hit;
    if (!hit) return;
    if (hit.point !== undefined) this.rows.tip(tip, this.points.row[hit.point]);
    else {
      const kinds = CLASSES.filter(([k]) => hit.group.kinds[k]).map(([k, name]) => `${name.toLowerCase()} ${many(hit.group.kinds[k])}`);
      tip.replaceChildren(el("div", "", many(hit.group.n) + " points"), el("small", "", kinds.join(" · ")));
    }
    tip.style.left = Math.max(8, Math.min(x + 14, this.view.w - tip.offsetWidth - 8)) + "px";
    tip.style.top = (y + 18 + tip.offsetHeight > this.view.h ? y - tip.offsetHeight - 10 : y + 18) + "px";
  }

  click(x, y, reach) {
    $("tip").hidden = true;
    const hit = this.marks.under(x, y, reach);
    if (!hit) return this.choose(undefined);
    if (hit.point !== undefined) return this.choose(this.points.row[hit.point]);
    const all = hit.group.members(), p = this.points;
    let [l, t, r, b] = [1, 1, 0, 0];
    for (const i of all) { l = Math.min(l, p.x[i]); r = Math.max(r, p.x[i]); t = Math.min(t, p.y[i]); b = Math.max(b, p.y[i]); }
    if (Math.max(r - l, b - t) * 256 * 2 ** 20 < 30) return this.several(all);
    const zoom = Math.min(20, Math.log2(Math.min((this.view.w - 500) / (r - l), (this.view.h - 200) / (b - t)) / 256));
    this.view.fly((l + r) / 2, (t + b) / 2, Math.max(Math.floor(this.view.zoom) + 1, zoom));
  }

  // several are rows on one place.
  several(all) {
    this.shown = this.points.row[all[0]];
    this.marks.chosen = -1;
    this.anchor = all[0];
    const card = $("card"), x = el("button", "plain x", "×");
    x.type = "button";
    x.setAttribute("aria-label", "Close");
    x.addEventListener("click", () => this.choose(undefined));
    card.replaceChildren(x, el("strong", "", many(all.length) + " rows on one place"));
    for (const i of all.slice(0, 50)) card.append(this.rows.item(this.points.row[i], (r) => this.choose(r)));
    if (all.length > 50) card.append(el("p", "none", `and ${many(all.length - 50)} more`));
    card.hidden = false;
    this.ask();
  }

  choose(r, go) {
    const card = $("card"), point = r === undefined ? undefined : this.points.pointOf.get(r);
    this.shown = r;
    this.anchor = point;
    this.marks.chosen = point === undefined ? -1 : point;
    card.hidden = r === undefined;
    if (r !== undefined) this.rows.card(card, r, () => this.choose(undefined));
    if (go && point !== undefined) {
      const zoom = Math.max(this.view.zoom, [3, 5, 8, 11, 13, 15][this.points.cls[point]]);
      const room = this.room();
      this.view.touched = true;
      this.view.fly(this.points.x[point] + (room.right - room.left) / 2 / (256 * 2 ** zoom), this.points.y[point], zoom);
    }
    this.ask();
  }

  // placeCard has the card beside its point, and in a corner if it has none.
  placeCard() {
    const card = $("card");
    if (card.hidden || this.view.w <= 760) return;
    const v = this.view, w = card.offsetWidth, h = card.offsetHeight, right = $("rows").hidden ? 16 : 392;
    let x = 312, y = v.h - h - 60;
    if (this.anchor !== undefined) {
      x = v.px(this.points.x[this.anchor]) + 22;
      y = v.py(this.points.y[this.anchor]) - h / 2;
      if (x + w > v.w - right) x -= w + 44;
    }
    card.style.left = Math.max(12, Math.min(x, v.w - w - right)) + "px";
    card.style.top = Math.max(12, Math.min(y, v.h - h - 50)) + "px";
  }
}

const begin = async () => {
  const [world, data] = await Promise.all([unpack("world"), unpack("data")]);
  new Page(readWorld(world), JSON.parse(new TextDecoder().decode(data)));
  document.documentElement.dataset.ready = "yes";
};
begin().catch((e) => {
  document.body.append(el("p", "sorry", "This page cannot be shown: " + e.message + ". A browser of 2023 or later is needed."));
  throw e;
});
