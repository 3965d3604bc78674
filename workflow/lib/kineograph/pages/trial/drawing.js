// What all canvases share: sharp pixels, the page's colours, people's colours.
const theme = {};
const darkMode = matchMedia("(prefers-color-scheme: dark)");
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "ink", "soft", "line", "card", "right", "left", "middle", "grid", "bone", "bone-dark", "filled", "other"])
    theme[name] = style.getPropertyValue("--" + name).trim();
}
readTheme();

// On pictures, light and dark alike: orange, sky blue and yellow of Okabe and Ito's palette, as in the overlays.
const ON_PICTURES = { right: "#e69f00", left: "#56b4e9", middle: "#f0e442", other: "#cfd4da" };
const boneSides = DATA.bones.map(([a, b]) => {
  const [one, other] = [DATA.keypoints[a].side, DATA.keypoints[b].side];
  return one === other ? one : "middle";
});

// The context of a canvas whose bitmap fits the screen's pixels; units are CSS pixels.
function prepared(canvas) {
  const scale = Math.min(window.devicePixelRatio || 1, 2), width = canvas.clientWidth, height = canvas.clientHeight;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
