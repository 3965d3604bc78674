// Joins the views to one time line, one participant and one set of things to draw.
(() => {
  const clock = new Clock(DATA.frames, DATA.fps_hz, DATA.start_s);
  const state = { clock, person: 0, show: {}, last: [], redraw };
  if (!DATA.frames || !DATA.people.length) {
    byId("empty").hidden = false;
    byId("stage").hidden = true;
    return;
  }
  for (const name of ["pictures", "detected", "skeleton", "bones", "cameras", "trail", "names"]) {
    const box = byId("show-" + name);
    state.show[name] = box.checked;
    box.onchange = () => { state.show[name] = box.checked; redraw(); };
  }
  state.show.follow = byId("follow").checked;
  byId("follow").onchange = (event) => { state.show.follow = event.target.checked; redraw(); };

  const cameras = new CameraView(byId("cameras"), byId("camera-note"), state);
  const space = new SpaceView(byId("space"), state);
  let charts = [], waiting = false;

  // The pictures are drawn once before the screen's next frame, however often somebody asks.
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; cameras.draw(); space.draw(); });
  }

  function button(text, pressed, action) {
    const element = document.createElement("button");
    element.type = "button";
    element.textContent = text;
    element.setAttribute("aria-pressed", String(pressed));
    element.onclick = action;
    return element;
  }
  function cameraButtons() {
    const names = DATA.cameras.map((camera, index) => button(camera.name, cameras.chosen === index, () => cameras.choose(index)));
    byId("camera-buttons").replaceChildren(button("All", cameras.chosen === null, () => cameras.choose(null)), ...names);
  }
  cameras.onchoose = cameraButtons;
  for (const element of document.querySelectorAll("[data-view]")) element.onclick = () => space.look(element.dataset.view);

  function peopleButtons() {
    const field = byId("people");
    field.hidden = DATA.people.length < 2;
    DATA.people.forEach((person, index) => {
      const label = document.createElement("label"), radio = document.createElement("input");
      Object.assign(radio, { type: "radio", name: "person", value: String(index), checked: index === 0 });
      radio.onchange = () => choosePerson(index);
      label.append(radio, " " + person.name);
      field.append(label);
    });
  }
  function choosePerson(index) {
    state.person = index;
    for (const radio of byId("people").querySelectorAll("input")) radio.checked = Number(radio.value) === index;
    for (const table of document.querySelectorAll(".heat")) table.hidden = DATA.people.length > 1 && table.dataset.person !== DATA.people[index].name;
    makeCharts();
    redraw();
  }

  function makeCharts() {
    const person = DATA.people[state.person], errors = person.marker_errors;
    const made = person.panels.map((panel) => ({ main: panel.main, chart: new CurveChart(state, panel.title, panel.curves, { limits: panel.limits }) }));
    if (errors.markers.length) {
      const say = (frame) => Number.isNaN(errors.mean[frame]) ? "–" : `mean ${errors.mean[frame].toFixed(0)} mm, largest ${errors.largest[frame].toFixed(0)} mm (${errors.markers[errors.worst[frame]]})`;
      const curves = [{ side: "middle", values: errors.mean }, { side: "right", values: errors.largest, thin: true }];
      made.push({ main: true, chart: new CurveChart(state, "Markers from the model", curves, { unit: "", say, floor: 0 }) });
    }
    const origin = new OriginChart(state, person), none = document.createElement("p");
    none.textContent = "No joint angles: see the verdict of the kinematics stage.";
    byId("angles").replaceChildren(...(made.length ? made.filter((item) => item.main).map((item) => item.chart.element) : [none]));
    byId("more-angles").replaceChildren(...made.filter((item) => !item.main).map((item) => item.chart.element));
    byId("more").hidden = !made.some((item) => !item.main);
    byId("measured").replaceChildren(origin.element);
    byId("measured-note").textContent = `${(100 * person.measured).toFixed(1)} % of the points of ${person.name} were measured in their very frame.`
      + (DATA.step > 1 ? ` This long trial is shown at every ${DATA.step}th frame.` : "");
    const present = new Set(person.origin.values);
    byId("measured-legend").replaceChildren(...ORIGINS.filter((item) => present.has(item.code)).map((item) => {
      const entry = document.createElement("span"), swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = OriginChart.colour(item.code);
      entry.append(swatch, item.name);
      return entry;
    }));
    charts = [...made.map((item) => item.chart), origin];
    drawCharts();
  }
  function drawCharts() { for (const chart of charts) { chart.draw(); chart.follow(); } }

  const slider = byId("time"), play = byId("play");
  slider.max = String(clock.last);
  slider.oninput = () => {
    const frame = Number(slider.value); // before the clock sets it
    clock.stop();
    clock.set(frame);
  };
  play.onclick = () => clock.toggle();
  byId("back").onclick = () => clock.step(-1);
  byId("forth").onclick = () => clock.step(1);
  byId("speed").onchange = (event) => { clock.speed = Number(event.target.value); };
  clock.listen(() => {
    slider.value = String(clock.frame);
    slider.setAttribute("aria-valuetext", `${clock.time_s.toFixed(2)} seconds, frame ${clock.frame * DATA.step}`);
    byId("now").textContent = `${clock.time_s.toFixed(2)} s, frame ${clock.frame * DATA.step}`;
    play.setAttribute("aria-pressed", String(clock.playing));
    play.textContent = clock.playing ? "❚❚" : "▶";
    for (const chart of charts) chart.follow();
    redraw();
  });

  document.addEventListener("keydown", (event) => {
    if (event.target.matches("select, textarea, input:not([type=range])") || event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 10 : 1;
    if (event.key === " ") { if (event.target.matches("button, summary, a")) return; clock.toggle(); }
    else if (event.key === "ArrowLeft") clock.step(-far);
    else if (event.key === "ArrowRight") clock.step(far);
    else if (event.key === "Home") clock.step(-clock.frames);
    else if (event.key === "End") clock.step(clock.frames);
    else if (event.key === "0") cameras.choose(null);
    else if (event.key >= "1" && event.key <= "9" && DATA.cameras[event.key - 1]) cameras.choose(event.key - 1);
    else if (event.key.toLowerCase() === "p" && DATA.people.length > 1) choosePerson((state.person + 1) % DATA.people.length);
    else return;
    event.preventDefault();
  });
  byId("more").addEventListener("toggle", drawCharts);
  new ResizeObserver(() => { redraw(); drawCharts(); }).observe(document.body);
  darkMode.addEventListener("change", () => { readTheme(); redraw(); drawCharts(); });

  cameraButtons();
  peopleButtons();
  choosePerson(0);
  clock.set(DATA.picture_frames[DATA.picture_frames.length >> 1] ?? clock.last / 2);
})();
