"use strict";
// The table of frames. Its rows come as columns (data/page-*.js); here they are filtered and sorted, and a few of them
// are shown, so that ten thousand frames are as quick as ten. All texts go in as text, never as HTML.

const CorInpaintReport = (() => {
  const SHOWN = 50;
  const NUMBERS = ["missing", "filled", "refused", "occulted", "seconds"];
  const COLUMNS = ["number", "date", "detector", "filter", "fate", "missing", "filled", "refused", "occulted",
    "methods", "seconds", "note"];
  const STATES = {
    "": () => true,
    missing: (row) => row.missing > 0,
    refused: (row) => row.refused > 0,
    failed: (row) => !row.key,
    warnings: (row) => row.warnings > 0,
  };
  const rows = [];
  let chosen = [];
  let first = 0;
  let sorting = { column: "date", down: false };
  let waiting = 0;

  const get = (id) => document.getElementById(id);

  function take(columns) {
    const names = Object.keys(columns);
    for (let i = 0; i < columns.key.length; i++) {
      const row = { place: rows.length };
      for (const name of names) row[name] = columns[name][i];
      row.text = [row.number, row.file, row.date, row.detector, row.filter, row.fate, row.methods, row.note]
        .join("\n").toLowerCase();
      rows.push(row);
    }
    if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; update(first); });
  }

  function wanted() {
    const from = get("from").value, to = get("to").value, detector = get("detector").value;
    const words = get("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = STATES[get("state").value] || STATES[""];
    return (row) => {
      const day = row.date.slice(0, 10);
      return (!from || (day && day >= from)) && (!to || (day && day <= to)) &&
        (!detector || row.detector === detector) && state(row) && words.every((word) => row.text.includes(word));
    };
  }

  function compare(one, two) {
    const a = one[sorting.column], b = two[sorting.column];
    if (a !== b && (a === "" || b === "")) return a === "" ? 1 : -1; // what is unknown comes last, up and down
    const sign = sorting.down ? -1 : 1;
    return a < b ? -sign : a > b ? sign : one.place - two.place;
  }

  function update(start = 0) {
    chosen = rows.filter(wanted()).sort(compare);
    show(start);
    remember();
  }

  function show(start) {
    first = Math.max(0, Math.min(start, Math.floor((chosen.length - 1) / SHOWN) * SHOWN));
    const part = chosen.slice(first, first + SHOWN);
    get("rows").replaceChildren(...part.map(line));
    get("status").textContent = part.length
      ? `Frames ${first + 1} to ${first + part.length} of ${chosen.length}; ${rows.length} in all`
      : `No frame fits; ${rows.length} in all`;
    get("first").disabled = get("back").disabled = first === 0;
    get("last").disabled = get("forward").disabled = first + SHOWN >= chosen.length;
  }

  function line(row, index) {
    const shown = document.createElement("tr");
    shown.setAttribute("aria-rowindex", first + index + 2);
    shown.append(picture(row), ...COLUMNS.map((name) => cell(row, name)));
    return shown;
  }

  function picture(row) {
    const shown = document.createElement("td");
    if (row.key) {
      const image = document.createElement("img");
      image.loading = "lazy";
      image.alt = "";
      image.width = image.height = 64;
      image.src = `frames/${row.key}/thumbnail.webp`;
      shown.append(image);
    }
    return shown;
  }

  function cell(row, name) {
    const shown = document.createElement(name === "number" ? "th" : "td");
    if (name === "number") {
      shown.scope = "row";
      if (row.key) {
        const link = document.createElement("a");
        link.href = `frames/${row.key}/index.html`;
        link.textContent = row.number;
        shown.append(link);
      } else shown.textContent = row.number;
      shown.title = row.file;
    } else if (NUMBERS.includes(name)) {
      shown.className = "number";
      shown.textContent = row.key ? row[name] : "";
    } else {
      shown.className = name;
      shown.textContent = name === "date" ? row.date.slice(0, 19).replace("T", " ") : row[name];
    }
    if (name === "fate" && !row.key) shown.classList.add("failed");
    return shown;
  }

  function sort(column) {
    sorting = { column, down: sorting.column === column && !sorting.down };
    mark();
    update();
  }

  function mark() {
    for (const button of document.querySelectorAll("[data-sort]")) {
      const here = button.dataset.sort === sorting.column;
      button.closest("th").setAttribute("aria-sort", here ? (sorting.down ? "descending" : "ascending") : "none");
    }
  }

  // What is chosen stands in the address, so that coming back from a frame finds the same table.
  function remember() {
    const state = new URLSearchParams();
    for (const [name, value] of new FormData(get("filter"))) if (value) state.set(name, value);
    if (sorting.column !== "date" || sorting.down) state.set("sort", (sorting.down ? "-" : "") + sorting.column);
    if (first) state.set("row", first);
    try {
      history.replaceState(null, "", `#${state}`);
    } catch { /* a browser that forbids it to pages from a disk */ }
  }

  function recall() {
    const state = new URLSearchParams(location.hash.slice(1));
    for (const name of ["from", "to", "detector", "state", "text"]) if (state.has(name)) get(name).value = state.get(name);
    const column = state.get("sort") || "date";
    if (COLUMNS.includes(column.replace(/^-/, ""))) {
      sorting = { column: column.replace(/^-/, ""), down: column.startsWith("-") };
    }
    first = Number(state.get("row")) || 0;
    mark();
  }

  function start() {
    recall();
    for (const kind of ["input", "change"]) get("filter").addEventListener(kind, () => update());
    get("filter").addEventListener("submit", (event) => event.preventDefault());
    get("filter").addEventListener("reset", () => setTimeout(update));
    get("first").addEventListener("click", () => show(0));
    get("back").addEventListener("click", () => show(first - SHOWN));
    get("forward").addEventListener("click", () => show(first + SHOWN));
    get("last").addEventListener("click", () => show(chosen.length));
    for (const name of ["first", "back", "forward", "last"]) get(name).addEventListener("click", remember);
    for (const button of document.querySelectorAll("[data-sort]")) {
      button.addEventListener("click", () => sort(button.dataset.sort));
    }
    for (const button of document.querySelectorAll("[data-from]")) {
      button.addEventListener("click", () => {
        get("from").value = button.dataset.from;
        get("to").value = button.dataset.to;
        update();
        get("frames").scrollIntoView();
      });
    }
    update(first);
  }

  start();
  return { take };
})();
