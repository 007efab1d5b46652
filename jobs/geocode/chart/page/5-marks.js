// The points on the screen: one by one, or as rings that say how many there are of which kind.

// dotsOf are the dots of a mark that are more than half covered: x, y and colour of each.
const dotsOf = (mark) => {
  const n = mark.width, data = mark.getContext("2d").getImageData(0, 0, n, n).data, pixels = new Uint32Array(data.buffer), out = [];
  for (let i = 0; i < pixels.length; i++) {
    if (data[i * 4 + 3] < 128) continue;
    data[i * 4 + 3] = 255;
    out.push(i % n, Math.floor(i / n), pixels[i]);
  }
  return Uint32Array.from(out);
};

class Marks {
  constructor(points, view) {
    this.points = points;
    this.view = view;
    this.way = points.n > FEW ? "groups" : "points";
    this.chosen = -1;
    this.drawn = [];
  }

  // sprites are the marks, drawn once for a size of the screen's dots and a scheme of colours.
  sprites(colours, radius) {
    const key = this.view.dense + "/" + radius + "/" + colours.name0;
    if (this.spriteKey === key) return this.made;
    this.spriteKey = key;
    const size = Math.ceil((radius + 2) * 2 * this.view.dense);
    this.made = [false, true].map((low) => colours.kinds.map((colour) => {
      const c = document.createElement("canvas");
      c.width = c.height = size;
      const ctx = c.getContext("2d");
      ctx.scale(this.view.dense, this.view.dense);
      const middle = size / 2 / this.view.dense;
      const circle = (r, style) => { ctx.fillStyle = style; ctx.beginPath(); ctx.arc(middle, middle, r, 0, 7); ctx.fill(); };
      circle(radius + 1.2, colours.edge);
      circle(radius, colour);
      if (low) circle(radius * 0.5, colours.edge);
      return c;
    }));
    return this.made;
  }

  draw(ctx, colours) {
    this.drawn = [];
    if (this.way === "groups") this.rings(ctx, colours); else this.dots(ctx, colours);
    if (this.chosen >= 0) this.halo(ctx, colours);
  }

  dots(ctx, colours) {
    const { points: p, view: v } = this;
    const radius = v.zoom < 5 && p.n > 20000 ? 2.4 : v.zoom < 9 ? 3.6 : 5;
    const sprites = this.sprites(colours, radius);
    // Of those that would fall on the same dots of the screen one is enough.
    const cell = p.n > 20000 ? 3 : p.n > FEW ? 2 : 1, across = Math.ceil(v.w / cell) + 1, down = Math.ceil(v.h / cell) + 1;
    const seen = new Uint8Array(across * down);
    const list = [];
    const scale = v.scale, left = v.x - v.w / 2 / scale, top = v.y - v.h / 2 / scale;
    for (const i of p.order) {
      if (!p.visible(i)) continue;
      const x = (p.x[i] - left) * scale, y = (p.y[i] - top) * scale;
      if (x < -8 || y < -8 || x > v.w + 8 || y > v.h + 8) continue;
      const at = x >= 0 && y >= 0 && x < v.w && y < v.h ? Math.floor(y / cell) * across + Math.floor(x / cell) : -1;
      if (at >= 0) {
        if (seen[at]) continue;
        seen[at] = 1;
      }
      list.push(i);
    }
    if (list.length > FEW) return this.stamp(ctx, sprites, list);
    for (let k = list.length - 1; k >= 0; k--) this.dot(ctx, sprites, list[k]);
  }

  // stamp draws many points by putting their dots into a picture itself, which is many times
  // faster than to have each of them drawn.
  stamp(ctx, sprites, list) {
    const { points: p, view: v } = this, w = Math.round(v.w * v.dense), h = Math.round(v.h * v.dense);
    if (!this.sheet || this.sheet.width !== w || this.sheet.height !== h) {
      this.sheet = document.createElement("canvas");
      this.sheet.width = w;
      this.sheet.height = h;
    }
    const on = this.sheet.getContext("2d"), picture = on.createImageData(w, h), pixels = new Uint32Array(picture.data.buffer);
    if (this.stampsOf !== sprites) {
      this.stampsOf = sprites;
      this.stamps = sprites.map((kinds) => kinds.map(dotsOf));
    }
    const half = Math.floor(sprites[0][0].width / 2), scale = v.scale * v.dense, left = v.px(0) * v.dense, top = v.py(0) * v.dense;
    for (let k = list.length - 1; k >= 0; k--) {
      const i = list[k], s = this.stamps[p.low[i]][p.cls[i]];
      const x = Math.round(left + p.x[i] * scale) - half, y = Math.round(top + p.y[i] * scale) - half;
      for (let d = 0; d < s.length; d += 3) {
        const px = x + s[d], py = y + s[d + 1];
        if (px >= 0 && px < w && py >= 0 && py < h) pixels[py * w + px] = s[d + 2];
      }
    }
    on.putImageData(picture, 0, 0);
    ctx.drawImage(this.sheet, 0, 0, v.w, v.h);
  }

  dot(ctx, sprites, i) {
    const { points: p, view: v } = this, s = sprites[p.low[i]][p.cls[i]], size = s.width / v.dense;
    ctx.drawImage(s, v.px(p.x[i]) - size / 2, v.py(p.y[i]) - size / 2, size, size);
  }

  rings(ctx, colours) {
    const { points: p, view: v } = this;
    const sprites = this.sprites(colours, v.zoom < 9 ? 4 : 5);
    const groups = p.groups(v.zoom).filter((g) => {
      const x = v.px(g.mx), y = v.py(g.my);
      return x > -40 && y > -40 && x < v.w + 40 && y < v.h + 40;
    });
    for (const g of groups) if (g.n === 1) this.dot(ctx, sprites, g.cells[0]);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const g of groups) if (g.n > 1) this.ring(ctx, colours, g);
    ctx.textAlign = "left";
  }

  ring(ctx, colours, g) {
    const x = this.view.px(g.mx), y = this.view.py(g.my), r = 11 + 3 * Math.log10(g.n), width = 4.5;
    this.drawn.push({ g, x, y, r });
    const circle = (r, style) => { ctx.fillStyle = style; ctx.beginPath(); ctx.arc(x, y, r, 0, 7); ctx.fill(); };
    circle(r + 2, colours.edge);
    circle(r, colours.solid);
    let from = -Math.PI / 2;
    ctx.lineWidth = width;
    for (let k = 5; k >= 0; k--) {
      if (!g.kinds[k]) continue;
      const to = from + (2 * Math.PI * g.kinds[k]) / g.n;
      ctx.strokeStyle = colours.kinds[k];
      ctx.beginPath();
      ctx.arc(x, y, r - width / 2, from, to);
      ctx.stroke();
      from = to;
    }
    ctx.fillStyle = colours.text;
    ctx.font = `600 ${g.n < 1000 ? 11 : 10.5}px system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif`;
    ctx.fillText(short(g.n), x, y + 0.5);
  }

  halo(ctx, colours) {
    const { points: p, view: v } = this, x = v.px(p.x[this.chosen]), y = v.py(p.y[this.chosen]);
    this.dot(ctx, this.sprites(colours, 6), this.chosen);
    ctx.strokeStyle = colours.text;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(x, y, 11, 0, 7);
    ctx.stroke();
  }

  // under is what is at a place of the screen: a group, a point, or nothing.
  under(px, py, reach) {
    for (const d of this.drawn) if (Math.hypot(d.x - px, d.y - py) <= d.r + 2) return { group: d.g };
    const i = this.points.nearest(this.view.wx(px), this.view.wy(py), this.view.zoom, reach);
    if (i < 0) return null;
    // In a group it has no mark of its own.
    return this.way === "groups" && !this.alone(i) ? null : { point: i };
  }

  alone(i) {
    const p = this.points;
    return i === this.chosen || p.groups(this.view.zoom).some((g) => g.n === 1 && g.cells[0] === i);
  }
}
