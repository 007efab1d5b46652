// The points, and how they are found and grouped.

// FEW are so many points that one can look at each.
const FEW = 3000;
class Points {
  constructor(data) {
    const n = (this.n = data.lat.length);
    this.x = new Float64Array(n);
    this.y = new Float64Array(n);
    this.row = new Uint32Array(n);
    this.lat = new Int32Array(n);
    this.lon = new Int32Array(n);
    this.cls = new Uint8Array(n);
    this.low = new Uint8Array(n);
    let lat = 0, lon = 0;
    for (let i = 0; i < n; i++) {
      lat += data.lat[i];
      lon += data.lon[i];
      this.x[i] = worldX(lon / 1e5);
      this.y[i] = worldY(lat / 1e5);
      [this.lat[i], this.lon[i]] = [lat, lon];
    }
    for (let r = 0, i = 0; i < n; r++) {
      if (data.located[r] !== "1") continue;
      this.row[i] = r;
      this.cls[i] = Number(data.precision[r]);
      this.low[i++] = data.status[r] === "l" ? 1 : 0;
    }
    this.pointOf = new Map();
    for (let i = 0; i < n; i++) this.pointOf.set(this.row[i], i);
    this.shown = [true, true, true, true, true, true];
    this.lowShown = true;
    this.grids = new Map();
    // Of few points, what is coarse or doubtful is drawn over what is fine, as it is what one
    // looks for. Of many it would hide all others.
    this.order = Uint32Array.from({ length: n }, (_, i) => i);
    const rank = (i) => this.cls[i] - 10 * this.low[i];
    if (n <= FEW) this.order.sort((a, b) => rank(a) - rank(b));
  }

  visible(i) {
    return this.shown[this.cls[i]] && (this.lowShown || !this.low[i]);
  }

  // place is where a row's point is, in degrees.
  place(row) {
    const i = this.pointOf.get(row);
    return (this.lat[i] / 1e5).toFixed(5) + ", " + (this.lon[i] / 1e5).toFixed(5);
  }

  // changed forgets what was made of the points that were shown.
  changed() { this.grids.clear(); }

  bounds() {
    let [l, t, r, b] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < this.n; i++) {
      l = Math.min(l, this.x[i]); r = Math.max(r, this.x[i]);
      t = Math.min(t, this.y[i]); b = Math.max(b, this.y[i]);
    }
    return this.n ? [l, t, r, b] : null;
  }

  // grid puts the points into squares of some pixels at a zoom. Each square is a list:
  // head, and what comes after it.
  grid(level, pixels) {
    const key = level + "/" + pixels;
    let g = this.grids.get(key);
    if (g) return g;
    const per = (256 * 2 ** level) / pixels;
    const next = new Int32Array(this.n).fill(-1);
    const heads = new Map();
    for (let i = 0; i < this.n; i++) {
      if (!this.visible(i)) continue;
      const cell = Math.floor(this.x[i] * per) * 67108864 + Math.floor(this.y[i] * per);
      const head = heads.get(cell);
      next[i] = head === undefined ? -1 : head;
      heads.set(cell, i);
    }
    g = { per, next, heads };
    if (this.grids.size > 12) this.grids.delete(this.grids.keys().next().value);
    this.grids.set(key, g);
    return g;
  }

  // groups are points that are near each other, at every half a zoom: where, how many of which kind.
  groups(zoom) {
    const level = Math.floor(zoom * 2) / 2, g = this.grid(level, 44);
    if (g.groups) return g.groups;
    const cells = new Map();
    for (const [cell, head] of g.heads) {
      const group = { n: 0, x: 0, y: 0, kinds: new Uint32Array(6), low: 0, cells: [head], cell };
      for (let i = head; i >= 0; i = g.next[i]) this.count(group, i);
      group.mx = group.x / group.n;
      group.my = group.y / group.n;
      cells.set(cell, group);
    }
    // A border between squares is no reason to be two: the larger takes what is close to it.
    const near = 40 / (256 * 2 ** level);
    const all = [...cells.values()].sort((a, b) => b.n - a.n || a.cell - b.cell);
    for (const a of all) {
      if (a.taken) continue;
      for (const dx of [-67108864, 0, 67108864]) {
        for (const dy of [-1, 0, 1]) {
          const b = dx || dy ? cells.get(a.cell + dx + dy) : undefined;
          if (!b || b.taken || b.took || Math.hypot(a.mx - b.mx, a.my - b.my) > near) continue;
          b.taken = a.took = true;
          a.n += b.n; a.x += b.x; a.y += b.y; a.low += b.low;
          for (let k = 0; k < 6; k++) a.kinds[k] += b.kinds[k];
          a.cells.push(b.cells[0]);
        }
      }
      a.mx = a.x / a.n;
      a.my = a.y / a.n;
    }
    g.groups = all.filter((a) => !a.taken);
    for (const a of g.groups) a.members = () => this.members(g, a);
    return g.groups;
  }

  count(group, i) {
    group.n++;
    group.x += this.x[i];
    group.y += this.y[i];
    group.kinds[this.cls[i]]++;
    group.low += this.low[i];
  }

  members(g, group) {
    const out = [];
    for (const head of group.cells) for (let i = head; i >= 0; i = g.next[i]) out.push(i);
    return out;
  }

  // nearest is the point next to a place of the world, at most some pixels away; or -1.
  nearest(x, y, zoom, pixels) {
    const level = Math.floor(zoom);
    const g = this.grid(level, 16);
    const scale = 256 * 2 ** zoom;
    const reach = Math.ceil((pixels / scale) * g.per);
    const [cx, cy] = [Math.floor(x * g.per), Math.floor(y * g.per)];
    let best = -1, least = pixels / scale;
    for (let ix = cx - reach; ix <= cx + reach; ix++) {
      for (let iy = cy - reach; iy <= cy + reach; iy++) {
        const head = g.heads.get(ix * 67108864 + iy);
        if (head === undefined) continue;
        for (let i = head; i >= 0; i = g.next[i]) {
          const d = Math.hypot(this.x[i] - x, this.y[i] - y);
          if (d < least) { best = i; least = d; }
        }
      }
    }
    return best;
  }
}
