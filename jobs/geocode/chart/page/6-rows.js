// The rows: what is said of one, and the list. All text is put in as text, never as markup.
class Rows {
  constructor(data, points) {
    this.data = data;
    this.points = points;
    this.n = data.seq.length;
  }

  title(r) { return this.data.formatted[r] || this.data.query[r] || "Row " + (this.data.seq[r] + 1); }
  differs(r) { const d = this.data; return d.formatted[r] && d.query[r] && d.formatted[r] !== d.query[r]; }
  status(r) { return this.data.status[r]; }
  doubtful(r) { return this.status(r) !== "o"; }
  located(r) { return this.data.located[r] === "1"; }
  precision(r) { return Number(this.data.precision[r]); }

  matches(r, words) {
    if (!words.length) return true;
    const d = this.data;
    const text = (d.query[r] + " " + d.formatted[r] + " " + d.why[r] + " " + (d.seq[r] + 1) + " " + (d.values[r] || []).join(" ")).toLowerCase();
    return words.every((w) => text.includes(w));
  }

  swatch(r) {
    const s = el("span", "swatch");
    if (!this.located(r)) {
      s.style.borderColor = "var(--bad)";
      s.classList.add("ring");
      return s;
    }
    const colour = `var(--c${this.precision(r)})`;
    s.style.borderColor = s.style.background = colour;
    s.classList.toggle("ring", this.status(r) === "l");
    return s;
  }

  // item is a row of the list.
  item(r, chosen) {
    const d = this.data, b = el("button", "row");
    b.type = "button";
    const middle = el("div");
    middle.append(el("div", "what", d.query[r] || this.title(r)));
    if (this.differs(r)) middle.append(el("div", "found", d.formatted[r]));
    const why = d.why[r] || (this.doubtful(r) ? STATUSES[this.status(r)] : "");
    if (why) middle.append(el("div", this.status(r) === "o" ? "found" : "why", why));
    b.append(this.swatch(r), middle, el("span", "seq", many(d.seq[r] + 1)));
    b.addEventListener("click", () => chosen(r));
    return b;
  }

  // card fills a box with all that is known of a row.
  card(box, r, close) {
    const d = this.data;
    const x = el("button", "plain x", "×");
    x.type = "button";
    x.setAttribute("aria-label", "Close");
    x.addEventListener("click", close);
    box.replaceChildren(x, el("strong", "", this.title(r)));
    if (this.differs(r)) box.append(el("div", "asked", "Asked: " + d.query[r]));
    const chips = el("div", "chips");
    const chip = (text, mark) => { const c = el("span"); if (mark) c.append(mark); c.append(text); chips.append(c); };
    if (this.located(r)) chip(className(this.precision(r)), this.swatch(r));
    if (this.doubtful(r)) chip(STATUSES[this.status(r)], this.located(r) ? null : this.swatch(r));
    if (d.providers[d.provider[r]]) chip(d.providers[d.provider[r]]);
    chip("row " + many(d.seq[r] + 1));
    box.append(chips);
    if (d.why[r]) box.append(el("div", "why", d.why[r]));
    const list = el("dl");
    const add = (k, v) => list.append(el("dt", "", k), el("dd", "", v));
    if (this.located(r)) add("latitude, longitude", this.points.place(r));
    (d.values[r] || []).forEach((v, i) => v && add(d.columns[i], v));
    if (list.children.length) box.append(list);
  }

  // short is what a tip says of a row.
  tip(box, r) {
    const d = this.data;
    box.replaceChildren(el("div", "", this.title(r)));
    const parts = [className(this.precision(r))];
    if (this.doubtful(r)) parts.push(STATUSES[this.status(r)].toLowerCase());
    if (d.why[r]) parts.push(d.why[r]);
    box.append(el("small", "", parts.join(" · ")));
  }
}

// List is the panel with the rows.
class List {
  constructor(rows, chosen) {
    this.rows = rows;
    this.chosen = chosen;
    this.which = "all";
    this.page = 200;
    const total = rows.data.counts;
    const kinds = [["bad", "To look at", total.no_match + total.low_confidence + total.error], ["n", "No match", total.no_match], ["l", "Low confidence", total.low_confidence], ["e", "Failed", total.error], ["all", "All", total.rows]];
    this.bad = kinds[0][2];
    this.which = this.bad ? "bad" : "all";
    const several = kinds.slice(1, 4).filter((k) => k[2]).length > 1;
    for (const [key, name, n] of kinds) {
      if (!n || (key === "bad" && !several)) continue;
      if (key !== "all" && key !== "bad" && !several) this.which = key;
      const b = el("button", "", `${name} ${many(n)}`);
      b.type = "button";
      b.dataset.which = key;
      b.addEventListener("click", () => { this.which = key; this.fill(); });
      $("tabs").append(b);
    }
    let wait;
    $("search").addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => this.fill(), 120); });
  }

  fill(shown = this.page) {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const b of $("tabs").children) b.setAttribute("aria-pressed", String(b.dataset.which === this.which));
    const { rows, which } = this, out = document.createDocumentFragment();
    let n = 0;
    for (let r = 0; r < rows.n; r++) {
      const s = rows.status(r);
      if (which === "bad" ? s === "o" : which !== "all" && s !== which) continue;
      if (!rows.matches(r, words)) continue;
      if (n++ < shown) out.append(rows.item(r, this.chosen));
    }
    if (n === 0) out.append(el("p", "none", words.length ? "Nothing has all these words." : "There are none."));
    if (n > shown) {
      const more = el("button", "more", `${many(n - shown)} more`);
      more.type = "button";
      more.addEventListener("click", () => this.fill(shown + 400));
      out.append(more);
    } else if (which !== "all" && rows.data.left && !words.length) out.append(el("p", "none", `${many(rows.data.left)} more are not on this page.`));
    const top = shown > this.page ? $("list").scrollTop : 0;
    $("list").replaceChildren(out);
    $("list").scrollTop = top;
  }
}
