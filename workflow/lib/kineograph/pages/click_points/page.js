"use strict";
// Positions are image_points.tsv's: the centre of the top-left pixel is (0, 0), so the picture's corner is at (-0.5, -0.5).
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const view = element("view"), loupe = element("loupe");
  const context = view.getContext("2d"), lens = loupe.getContext("2d");
  const GRAB_PX = 9, CLICK_PX = 4, LOUPE_ZOOM = 8, STORE = "kineograph-points:" + data.title;
  const pictures = data.cameras.map((camera) => Object.assign(new Image(), { src: camera.picture }));
  const clicks = data.clicks;
  let camera = 0, point = 0, zoom = 1, left = 0, top = 0, cursor = null, drag = null;

  const stored = recall();
  for (const name of data.cameras.map((item) => item.name)) clicks[name] = (stored && stored[name]) || clicks[name] || {};

  function recall() { try { return JSON.parse(localStorage.getItem(STORE)); } catch { return null; } }
  function remember() { try { localStorage.setItem(STORE, JSON.stringify(clicks)); } catch { /* the page works without */ } }
  const here = () => clicks[data.cameras[camera].name];
  const size = () => [data.cameras[camera].width, data.cameras[camera].height];
  const toView = ([x, y]) => [(x + 0.5 - left) * zoom, (y + 0.5 - top) * zoom];
  const toPicture = ([u, v]) => [u / zoom + left - 0.5, v / zoom + top - 0.5];
  const inside = ([x, y]) => x >= -0.5 && y >= -0.5 && x <= size()[0] - 0.5 && y <= size()[1] - 0.5;
  const mouse = (event) => { const box = view.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };

  function fit() {
    const [width, height] = size();
    zoom = Math.min(view.clientWidth / width, view.clientHeight / height);
    left = width / 2 - view.clientWidth / zoom / 2;
    top = height / 2 - view.clientHeight / zoom / 2;
    draw();
  }
  function zoomBy(factor, at) {
    const fixed = toPicture(at);
    zoom = Math.min(Math.max(zoom * factor, 0.05), 64);
    left = fixed[0] + 0.5 - at[0] / zoom;
    top = fixed[1] + 0.5 - at[1] / zoom;
    draw();
  }
  function place(position, advance) {
    if (!inside(position)) return;
    here()[data.points[point].name] = position.map((value) => Math.round(value * 100) / 100);
    const next = data.points.findIndex((item, index) => index > point && !here()[item.name]);
    if (advance && next >= 0) point = next;
    changed();
  }
  function move(dx, dy) {
    const at = here()[data.points[point].name];
    if (at) place([at[0] + dx, at[1] + dy], false);
  }
  function remove() { delete here()[data.points[point].name]; changed(); }
  function chooseCamera(index) { if (index < data.cameras.length) { camera = index; point = 0; cursor = null; fit(); changed(); } }
  function choosePoint(index) { point = (index + data.points.length) % data.points.length; changed(); }
  function nearest(at) {
    let best = -1, distance = GRAB_PX;
    data.points.forEach((item, index) => {
      const position = here()[item.name];
      const away = position ? Math.hypot(...toView(position).map((value, axis) => value - at[axis])) : Infinity;
      if (away < distance) { best = index; distance = away; }
    });
    return best;
  }
  function text() {
    const rows = ["camera\tpoint\tx_px\ty_px"];
    for (const item of data.cameras) for (const one of data.points) {
      const at = clicks[item.name][one.name];
      if (at) rows.push([item.name, one.name, ...at].join("\t"));
    }
    return rows.join("\n") + "\n";
  }
  function changed() {
    remember();
    element("table").value = text();
    element("cameras").replaceChildren(...data.cameras.map((item, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${item.name} (${Object.keys(clicks[item.name]).length})`;
      button.setAttribute("aria-pressed", String(index === camera));
      button.onclick = () => chooseCamera(index);
      return button;
    }));
    element("points").tBodies[0].replaceChildren(...data.points.map((item, index) => {
      const row = document.createElement("tr"), at = here()[item.name];
      row.setAttribute("aria-selected", String(index === point));
      const place_m = item.position_m.map((value) => value.toFixed(2)).join(", ");
      for (const [name, content] of [["mark", at ? "●" : ""], ["", item.name], ["soft", place_m + " m"], ["number", at ? at.map((value) => value.toFixed(1)).join(", ") : ""]]) {
        const cell = row.insertCell();
        cell.className = name;
        cell.textContent = content;
      }
      row.onclick = () => choosePoint(index);
      return row;
    }));
    draw();
  }
  function mark(pen, [u, v], chosen, length) {
    for (const [colour, width] of [["#000", 4], [chosen ? "#ffd23f" : "#4cc7a2", 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      for (const [x, y] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { pen.moveTo(u + 2 * x, v + 2 * y); pen.lineTo(u + length * x, v + length * y); }
      pen.stroke();
    }
  }
  function draw() {
    const ratio = window.devicePixelRatio || 1, width = view.clientWidth, height = view.clientHeight;
    view.width = width * ratio;
    view.height = height * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = zoom < 3;
    const picture = pictures[camera], ready = picture.complete && picture.naturalWidth > 0;
    if (ready) context.drawImage(picture, -left * zoom, -top * zoom, size()[0] * zoom, size()[1] * zoom);
    context.font = "13px system-ui, sans-serif";
    data.points.forEach((item, index) => {
      const at = here()[item.name];
      if (!at) return;
      const [u, v] = toView(at);
      mark(context, [u, v], index === point, 9);
      if (index !== point && zoom < 1) return;
      context.strokeStyle = "#000"; context.lineWidth = 3; context.strokeText(item.name, u + 9, v - 7);
      context.fillStyle = "#fff"; context.fillText(item.name, u + 9, v - 7);
    });
    const at = cursor ? toPicture(cursor) : here()[data.points[point].name];
    lens.fillStyle = "#24272d";
    lens.fillRect(0, 0, 220, 220);
    if (ready && at) {
      const half = 110 / LOUPE_ZOOM;
      lens.imageSmoothingEnabled = false;
      lens.drawImage(picture, (half - at[0] - 0.5) * LOUPE_ZOOM, (half - at[1] - 0.5) * LOUPE_ZOOM, size()[0] * LOUPE_ZOOM, size()[1] * LOUPE_ZOOM);
      mark(lens, [110, 110], true, 40);
    }
    const shown = at ? `  x ${at[0].toFixed(1)}, y ${at[1].toFixed(1)} px` : "";
    element("status").textContent = `${data.cameras[camera].name}: click ${data.points[point].name}${shown}`;
  }

  view.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = mouse(event), grabbed = nearest(at);
    if (grabbed >= 0) choosePoint(grabbed);
    drag = { from: at, left, top, grabbed, moved: false };
    try { view.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone */ }
  });
  view.addEventListener("pointermove", (event) => {
    cursor = mouse(event);
    if (drag) {
      const [dx, dy] = cursor.map((value, axis) => value - drag.from[axis]);
      drag.moved ||= Math.hypot(dx, dy) > CLICK_PX;
      if (drag.moved && drag.grabbed >= 0) return place(toPicture(cursor), false);
      if (drag.moved) { left = drag.left - dx / zoom; top = drag.top - dy / zoom; }
    }
    draw();
  });
  view.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved && drag.grabbed < 0) place(toPicture(mouse(event)), true);
    drag = null;
  });
  view.addEventListener("pointercancel", () => { drag = null; });
  view.addEventListener("pointerleave", () => { cursor = null; draw(); });
  view.addEventListener("wheel", (event) => { event.preventDefault(); zoomBy(Math.exp(-event.deltaY / 400), mouse(event)); }, { passive: false });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.id === "table") return;
    const middle = [view.clientWidth / 2, view.clientHeight / 2], step = event.shiftKey ? 5 : 0.25;
    const actions = {
      ArrowLeft: () => move(-step, 0), ArrowRight: () => move(step, 0), ArrowUp: () => move(0, -step), ArrowDown: () => move(0, step),
      "+": () => zoomBy(1.25, middle), "-": () => zoomBy(0.8, middle), 0: fit, n: () => choosePoint(point + 1), p: () => choosePoint(point - 1),
      Delete: remove, Backspace: remove,
    };
    if (event.target === view) actions.Enter = () => place(toPicture(middle), true);
    const action = actions[event.key] || actions[event.key.toLowerCase()];
    if (action) { action(); event.preventDefault(); } else if (/^[1-9]$/.test(event.key)) chooseCamera(Number(event.key) - 1);
  });
  element("delete").onclick = remove;
  element("fit").onclick = fit;
  element("copy").onclick = async () => {
    try { await navigator.clipboard.writeText(text()); } catch { element("table").select(); document.execCommand("copy"); }
  };
  element("download").onclick = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text()], { type: "text/tab-separated-values" }));
    link.download = "image_points.tsv";
    link.click();
  };
  window.addEventListener("resize", fit);
  pictures.forEach((picture) => { picture.onload = draw; });
  chooseCamera(0);
})();
