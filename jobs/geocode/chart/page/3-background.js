// The land beneath the points.
class Background {
  constructor(world) { this.world = world; }

  draw(ctx, view, colours) {
    const { w, h } = view;
    ctx.fillStyle = colours.sea;
    ctx.fillRect(0, 0, w, h);
    this.graticule(ctx, view, colours);
    ctx.save();
    ctx.beginPath();
    ctx.rect(view.px(0), view.py(0), view.scale, view.scale);
    ctx.clip();
    ctx.beginPath();
    for (const c of this.world.countries) {
      for (const ring of c.rings) this.copies(view, ring, (shift) => { this.trace(ctx, view, ring, shift); ctx.closePath(); });
    }
    ctx.fillStyle = colours.land;
    ctx.fill("nonzero");
    ctx.lineJoin = "round";
    this.strokes(ctx, view, (l) => l.state && view.zoom >= 3, colours.border, 0.7);
    this.strokes(ctx, view, (l) => !l.state && l.sides > 1, colours.border, view.zoom < 3 ? 0.7 : 1.2);
    this.strokes(ctx, view, (l) => !l.state && l.sides === 1, colours.coast, view.zoom < 3 ? 0.6 : 1);
    ctx.restore();
    this.names(ctx, view, colours);
  }

  // copies calls f for each place where a line is seen: what is beyond one edge of the world
  // comes in at the other.
  copies(view, line, f) {
    for (let shift = -1; shift <= 1; shift++) {
      const b = line.box;
      if (b[2] + shift >= 0 && b[0] + shift <= 1 && view.sees([b[0] + shift, b[1], b[2] + shift, b[3]])) f(shift);
    }
  }

  // trace adds a line to the path, leaving out corners that would fall on one pixel.
  trace(ctx, view, { xs, ys }, shift) {
    let lastX = NaN, lastY = NaN;
    for (let i = 0; i < xs.length; i++) {
      const x = view.px(xs[i] + shift), y = view.py(ys[i]);
      if (i > 0 && i < xs.length - 1 && Math.abs(x - lastX) < 0.7 && Math.abs(y - lastY) < 0.7) continue;
      if (i > 0) ctx.lineTo(x, y); else ctx.moveTo(x, y);
      lastX = x; lastY = y;
    }
  }

  strokes(ctx, view, which, colour, width) {
    ctx.beginPath();
    for (const l of this.world.lines) if (which(l)) this.copies(view, l, (shift) => this.trace(ctx, view, l, shift));
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.stroke();
  }

  graticule(ctx, view, colours) {
    const degree = view.scale / 360;
    const step = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001].findLast((s) => s * degree > 110) || 30;
    ctx.beginPath();
    const [west, east] = [(view.wx(0) - 0.5) * 360, (view.wx(view.w) - 0.5) * 360];
    for (let lon = Math.ceil(Math.max(-180, west) / step) * step; lon <= Math.min(180, east); lon += step) {
      const x = Math.round(view.px(worldX(lon))) + 0.5;
      ctx.moveTo(x, Math.max(0, view.py(0)));
      ctx.lineTo(x, Math.min(view.h, view.py(1)));
    }
    const [north, south] = [latOf(view.wy(0)), latOf(view.wy(view.h))];
    for (let lat = Math.ceil(Math.max(-80, south) / step) * step; lat <= Math.min(80, north); lat += step) {
      const y = Math.round(view.py(worldY(lat))) + 0.5;
      ctx.moveTo(Math.max(0, view.px(0)), y);
      ctx.lineTo(Math.min(view.w, view.px(1)), y);
    }
    ctx.strokeStyle = colours.grid;
    ctx.lineWidth = 1;
    ctx.stroke();
  }

  // names writes those of countries, states and cities, the largest first, none over another.
  names(ctx, view, colours) {
    const taken = [];
    const free = (x, y, w, h) => {
      if (x < 0 || y < 0 || x + w > view.w || y + h > view.h) return false;
      for (const t of taken) if (x < t[2] && x + w > t[0] && y < t[3] && y + h > t[1]) return false;
      taken.push([x - 4, y - 3, x + w + 4, y + h + 3]);
      return true;
    };
    const write = (text, x, y) => {
      ctx.strokeText(text, x, y);
      ctx.fillText(text, x, y);
    };
    ctx.textBaseline = "middle";
    ctx.strokeStyle = colours.halo;
    ctx.lineWidth = 3;
    ctx.fillStyle = colours.town;
    ctx.font = "11px system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif";
    const least = view.zoom < 3.4 ? Infinity : [3000, 1500, 700, 300, 150, 0][Math.min(5, Math.floor(view.zoom - 3.4))];
    let left = 70;
    for (const c of this.world.cities) {
      if (c.people < least || left === 0) break;
      const x = view.px(c.at[0]), y = view.py(c.at[1]);
      if (x < 0 || y < 0 || x > view.w || y > view.h) continue;
      const w = ctx.measureText(c.name).width;
      if (!free(x - 3, y - 7, w + 10, 14)) continue;
      ctx.beginPath();
      ctx.arc(x, y, 1.8, 0, 7);
      ctx.fill();
      write(c.name, x + 6, y);
      left--;
    }
    ctx.textAlign = "center";
    ctx.fillStyle = colours.name;
    if (view.zoom < 7.5) {
      ctx.letterSpacing = "1px";
      ctx.font = "600 11px system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif";
      for (const c of this.world.countries) {
        if (c.width * view.scale < 70) continue;
        const name = c.name.toUpperCase(), w = ctx.measureText(name).width;
        const x = view.px(c.at[0]), y = view.py(c.at[1]);
        if (w < c.width * view.scale * 0.9 && free(x - w / 2, y - 7, w, 14)) write(name, x, y);
      }
    }
    if (view.zoom >= 4.6 && view.zoom < 9) {
      ctx.letterSpacing = "0px";
      ctx.font = "italic 11px system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif";
      for (const s of this.world.states) {
        const x = view.px(s.at[0]), y = view.py(s.at[1]), w = ctx.measureText(s.name).width;
        if (free(x - w / 2, y - 7, w, 14)) write(s.name, x, y);
      }
    }
    ctx.letterSpacing = "0px";
    ctx.textAlign = "left";
  }
}
