"use strict";
// The list of trials: sorted and filtered in memory, shown as far as somebody scrolls, so that thousands stay quick.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const ONE_PAGE = 100, WORST = ["error", "fail", "warn", "pass"];
  const COLUMNS = [
    { key: "thumbnail", title: "", cell: picture },
    { key: "name", title: "Trial", cell: name },
    { key: "participants", title: "Participants" },
    { key: "verdict", title: "Verdict", cell: badge, order: (row) => WORST.indexOf(row.verdict) },
    { key: "stage", title: "Stage" },
    { key: "reason", title: "First reason, and what to do", cell: reason },
    { key: "blame", title: "To blame" },
    { key: "reprojection_error_px", title: "Reprojection error (px)", number: true },
    { key: "cameras_used", title: "Cameras used", number: true },
    { key: "missing", title: "Missing points", number: true },
    { key: "marker_error_mm", title: "Marker error (mm)", number: true },
  ];
  const text = new Intl.Collator("en", { numeric: true });
  data.rows.forEach((row, index) => {
    row.name = `${row.session} / ${row.trial}`;
    row.index = index;
    row.words = [row.name, row.participants, row.reason, row.blame, row.stage, row.hint].join("\n").toLowerCase();
  });
  let shown = data.rows, count = 0, sort = null;

  function element(tag, content, kind) {
    const made = document.createElement(tag);
    if (content !== undefined) made.textContent = content;
    if (kind) made.className = kind;
    return made;
  }
  function picture(cell, row) {
    const image = document.createElement("img");
    Object.assign(image, { loading: "lazy", decoding: "async", width: 96, height: 72, alt: "" });
    image.onerror = () => { image.style.visibility = "hidden"; };
    image.src = encodeURI(row.thumbnail);
    cell.className = "picture";
    cell.append(image);
  }
  function name(cell, row) {
    const link = element("a", row.name);
    link.href = encodeURI(row.page);
    cell.append(link);
  }
  function badge(cell, row) { cell.append(element("span", row.verdict, "badge " + row.verdict)); }
  function reason(cell, row) {
    cell.className = "reason";
    cell.append(row.reason);
    if (row.hint) cell.append(document.createElement("br"), element("span", "→ " + row.hint, "todo"));
  }

  function head() {
    const cells = COLUMNS.map((column) => {
      const cell = element("th", undefined, column.number ? "number" : "");
      cell.scope = "col";
      if (!column.title) return cell;
      const button = element("button", column.title);
      button.type = "button";
      button.onclick = () => sortBy(column);
      if (sort && sort.key === column.key) cell.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      cell.append(button);
      return cell;
    });
    const focused = [...document.querySelectorAll("#trials th")].indexOf(document.activeElement?.closest?.("th"));
    document.querySelector("#trials thead tr").replaceChildren(...cells);
    if (focused > 0) cells[focused].querySelector("button").focus();
  }
  function sortBy(column) {
    sort = { key: column.key, down: sort && sort.key === column.key ? !sort.down : Boolean(column.number) };
    const side = sort.down ? -1 : 1;
    const value = column.order || (column.number ? (row) => (row[column.key] === "" ? NaN : Number(row[column.key])) : null);
    data.rows.sort((a, b) => {
      if (!value) return side * text.compare(a[column.key], b[column.key]) || a.index - b.index;
      const [x, y] = [value(a), value(b)];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.index - b.index; // unknown ones last
      return side * (x - y) || a.index - b.index;
    });
    head();
    filter();
  }
  function filter() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ["verdict", "stage", "session"].map((key) => [key, byId(key).value]).filter(([, value]) => value);
    shown = data.rows.filter((row) => words.every((word) => row.words.includes(word)) && wanted.every(([key, value]) => row[key] === value));
    byId("count").textContent = `${shown.length} of ${data.rows.length} shown`;
    count = 0;
    document.querySelector("#trials tbody").replaceChildren();
    more();
  }
  function more() {
    const rows = shown.slice(count, count + ONE_PAGE).map((row) => {
      const line = document.createElement("tr");
      for (const column of COLUMNS) {
        const cell = document.createElement("td");
        if (column.number) { cell.className = "number"; cell.dataset.label = column.title; }
        if (column.cell) column.cell(cell, row);
        else cell.textContent = row[column.key];
        line.append(cell);
      }
      return line;
    });
    count += rows.length;
    document.querySelector("#trials tbody").append(...rows);
    byId("further").hidden = count >= shown.length;
  }

  function options(select, values) {
    for (const value of values) {
      const option = element("option", value);
      option.value = value;
      select.append(option);
    }
  }
  const different = (key) => [...new Set(data.rows.map((row) => row[key]).filter(Boolean))].sort(text.compare);
  options(byId("verdict"), WORST.filter((verdict) => data.rows.some((row) => row.verdict === verdict)));
  options(byId("stage"), different("stage"));
  options(byId("session"), different("session"));
  byId("filters").addEventListener("input", filter);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(filter));
  byId("further").onclick = more;
  new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) more(); }, { rootMargin: "600px" }).observe(byId("further"));

  // ---- what repeats
  const KINDS = { range: "range of", peak: "largest", length: "length of" };
  function repeated() {
    const who = byId("who").value, movement = byId("movement").value;
    const rows = data.repeated.filter((item) => item.participant === who && (item.kind === "length" || item.movement === movement));
    document.querySelector("#repeated tbody").replaceChildren(...rows.map((item) => {
      const line = document.createElement("tr"), digits = item.unit === "mm" ? 0 : 1;
      const value = (number) => number.toFixed(digits) + (item.unit === "mm" ? " mm" : item.unit);
      line.append(element("td", `${KINDS[item.kind]} ${item.what.replaceAll("_", " ")}`));
      for (const cell of [String(item.trials), value(item.mean), value(item.sd), value(item.low), value(item.high)]) line.append(element("td", cell, "number"));
      line.append(element("td", item.farthest));
      return line;
    }));
  }
  function movements() {
    const who = byId("who").value;
    const found = [...new Set(data.repeated.filter((item) => item.participant === who && item.kind !== "length").map((item) => item.movement))];
    byId("movement").replaceChildren();
    options(byId("movement"), found);
    byId("movement").parentElement.hidden = !found.length;
    repeated();
  }
  if (data.repeated.length) {
    byId("repeatability").hidden = false;
    options(byId("who"), [...new Set(data.repeated.map((item) => item.participant))].sort(text.compare));
    byId("who").onchange = movements;
    byId("movement").onchange = repeated;
    movements();
  }
  head();
  filter();
})();
