// The cameras' pictures with what was detected and where the final points project.
class CameraView {
  constructor(canvas, note, state) {
    Object.assign(this, { canvas, note, state, chosen: null, tiles: [] });
    this.images = DATA.cameras.map(() => new Map());
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("keydown", (event) => { if (event.key === "Enter") this.choose(this.chosen === null ? 0 : null); });
  }
  choose(camera) { this.chosen = camera; this.onchoose?.(); this.state.redraw(); }
  click(event) {
    if (this.chosen !== null) return this.choose(null);
    const box = this.canvas.getBoundingClientRect(), [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const tile = this.tiles.find((t) => x >= t.x && x <= t.x + t.width && y >= t.y && y <= t.y + t.height);
    if (tile) this.choose(tile.index);
  }
  // The rows and columns in which pictures of these shapes become largest.
  layOut(width, height, shown) {
    let best = null;
    for (let columns = 1; columns <= shown.length; columns++) {
      const rows = Math.ceil(shown.length / columns), cell = [width / columns, height / rows];
      const scales = shown.map((i) => Math.min(cell[0] / (DATA.cameras[i].size_px[0] || 4), cell[1] / (DATA.cameras[i].size_px[1] || 3)));
      const area = shown.reduce((sum, i, n) => sum + scales[n] ** 2 * DATA.cameras[i].size_px[0] * DATA.cameras[i].size_px[1], 0);
      if (!best || area > best.area) best = { area, columns, cell, scales };
    }
    this.tiles = shown.map((index, n) => {
      const [w, h] = DATA.cameras[index].size_px.map((size) => size * best.scales[n]);
      const column = n % best.columns, row = Math.floor(n / best.columns);
      return { index, scale: best.scales[n], x: column * best.cell[0] + (best.cell[0] - w) / 2, y: row * best.cell[1] + (best.cell[1] - h) / 2, width: w, height: h };
    });
  }
  // The number of the picture nearest to a frame.
  pictureAt(frame) {
    const at = DATA.picture_frames;
    let low = 0, high = at.length - 1;
    if (high < 0) return -1;
    while (high - low > 1) { const middle = (low + high) >> 1; if (at[middle] <= frame) low = middle; else high = middle; }
    return Math.abs(at[high] - frame) < Math.abs(at[low] - frame) ? high : low;
  }
  image(camera, number) {
    const files = DATA.cameras[camera].pictures, kept = this.images[camera];
    if (number < 0 || !files[number]) return null;
    if (!kept.has(number)) {
      const image = new Image();
      image.onload = () => this.state.redraw();
      image.src = "data:image/jpeg;base64," + files[number];
      kept.set(number, image);
      if (kept.size > 160) kept.delete(kept.keys().next().value);
    }
    const image = kept.get(number);
    if (image.complete && image.naturalWidth) { this.state.last[camera] = image; return image; }
    return this.state.last[camera] || null;
  }
  draw() {
    const { context, width, height } = prepared(this.canvas);
    const shown = this.chosen === null ? DATA.cameras.map((_, i) => i) : [this.chosen];
    if (!shown.length) return;
    this.layOut(width, height, shown);
    const frame = this.state.clock.frame, number = this.pictureAt(frame);
    for (const tile of this.tiles) this.drawTile(context, tile, frame, number);
    if (this.state.clock.playing && number >= 0) for (const tile of this.tiles) for (let ahead = 1; ahead < 5; ahead++) this.image(tile.index, number + ahead);
    this.tell(frame, number);
  }
  drawTile(context, tile, frame, number) {
    const camera = DATA.cameras[tile.index], show = this.state.show;
    context.save();
    context.beginPath();
    context.rect(tile.x, tile.y, tile.width, tile.height);
    context.clip();
    context.fillStyle = "#33373e";
    context.fillRect(tile.x, tile.y, tile.width, tile.height);
    const image = show.pictures ? this.image(tile.index, number) : null;
    if (image) context.drawImage(image, tile.x, tile.y, tile.width, tile.height);
    context.translate(tile.x, tile.y);
    context.lineCap = "round";
    const size = Math.max(Math.min(tile.width, tile.height) / 260, 0.7);
    const others = DATA.people.map((_, person) => person).filter((person) => person !== this.state.person);
    for (const person of [...others, this.state.person]) this.drawPerson(context, camera, frame, person, tile.scale, size);
    context.font = "600 12px system-ui, sans-serif";
    context.lineWidth = 3;
    context.strokeStyle = "#000";
    context.fillStyle = "#fff";
    context.strokeText(camera.name, 6, 16);
    context.fillText(camera.name, 6, 16);
    context.restore();
  }
  drawPerson(context, camera, frame, person, scale, size) {
    const { projected, detected } = camera, show = this.state.show, mine = person === this.state.person;
    const place = (array, k) => { const i = array.at(frame, person, k); return [(array.values[i] + 0.5) * scale, (array.values[i + 1] + 0.5) * scale]; };
    if (show.skeleton) for (const [thick, edge] of [[5, true], [3, false]]) {
      DATA.bones.forEach(([a, b], bone) => {
        const [[x0, y0], [x1, y1]] = [place(projected, a), place(projected, b)];
        if (!(x0 + y0 + x1 + y1 === x0 + y0 + x1 + y1)) return;
        context.beginPath();
        context.moveTo(x0, y0);
        context.lineTo(x1, y1);
        context.lineWidth = (mine ? thick : thick * 0.6) * size * 0.6;
        context.strokeStyle = edge ? "rgba(0,0,0,.55)" : mine ? ON_PICTURES[boneSides[bone]] : ON_PICTURES.other;
        context.stroke();
      });
    }
    if (show.detected) for (let k = 0; k < DATA.keypoints.length; k++) {
      const [x, y] = place(detected, k);
      if (Number.isNaN(x)) continue;
      const [u, v] = place(projected, k);
      context.strokeStyle = context.fillStyle = "#fff";
      if (!Number.isNaN(u)) {
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(u, v);
        context.stroke();
      }
      context.beginPath();
      context.arc(x, y, Math.max(1.5 * size, 1.3), 0, 2 * Math.PI);
      context.fill();
      context.strokeStyle = "#000";
      context.lineWidth = 0.6;
      context.stroke();
    }
  }
  tell(frame, number) {
    if (this.state.clock.playing) return;
    const away = number < 0 ? 0 : DATA.picture_frames[number] - frame;
    const text = number < 0 ? "No pictures: keypoints were imported, or the page is to have none."
      : away && this.state.show.pictures ? `The pictures were taken ${(Math.abs(away) / (DATA.fps_hz || 1)).toFixed(3)} s ${away < 0 ? "before" : "after"} this frame.` : "";
    if (this.note.textContent !== text) this.note.textContent = text;
  }
}
