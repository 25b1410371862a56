// Finding, sorting, the theme and the keyboard. The pages hold everything without it; it reads and changes nothing but
// what is on them.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const one = (query, within = document) => within.querySelector(query);
  root.classList.add("live");

  // The theme: as the system has it until somebody chooses; kept where the browser lets pages keep something.
  const kept = (value) => {
    try {
      if (value) localStorage.setItem("retake-theme", value);
      return localStorage.getItem("retake-theme");
    } catch {
      return null;
    }
  };
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const show = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    for (const button of all("[data-do=theme]")) button.textContent = dark() ? "Light" : "Dark";
  };
  const theme = () => {
    const next = dark() ? "light" : "dark";
    kept(next);
    show(next);
  };
  show(kept());

  // Finding trials.
  const table = one("#trials table");
  const rows = table ? all("tbody tr", table) : [];
  const words = rows.map((row) => row.textContent.toLowerCase());
  const search = one("#search");
  const chosen = new Set();
  const variant = one("#variant");
  const shown = () => rows.filter((row) => !row.hidden);
  const find = () => {
    const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, i) => {
      const state = chosen.size === 0 || chosen.has(row.dataset.state);
      const column = !variant || !variant.value || variant.value === row.dataset.variant;
      row.hidden = !(state && column && parts.every((part) => words[i].includes(part)));
    });
    one("#shown").textContent = `${shown().length} of ${rows.length} shown`;
  };
  const press = (chip) => {
    const on = chip.getAttribute("aria-pressed") !== "true";
    chip.setAttribute("aria-pressed", String(on));
    if (on) chosen.add(chip.dataset.state); else chosen.delete(chip.dataset.state);
    find();
  };
  if (search) {
    search.addEventListener("input", find);
    variant?.addEventListener("change", find);
    for (const chip of all(".chip")) chip.addEventListener("click", () => press(chip));
    find();
  }

  // Sorting: by what a cell says it is worth, else by its words; equal rows stay as they are.
  for (const button of all("th button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of all("th", head.parentNode)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const body = one("tbody", head.closest("table"));
      const worth = (row) => row.cells[head.cellIndex].dataset.v ?? row.cells[head.cellIndex].textContent;
      const keyed = [...body.rows].map((row) => [worth(row), row]);
      keyed.sort(([a], [b]) => (up ? 1 : -1) * String(a).localeCompare(String(b), "en", { numeric: true }));
      body.append(...keyed.map(([, row]) => row));
    });
  }

  // The keyboard. What moves: the rows of the table, or the steps of the trial that is open.
  const open = () => one(".trial:not(.inner)") ?? all(".trial.inner").find((trial) => trial.offsetParent);
  let here = null;
  const move = (by) => {
    const trial = open();
    const stops = trial ? all(".step", trial) : all("#trials tbody tr").filter((row) => !row.hidden);
    if (stops.length === 0) return;
    const at = stops.indexOf(here);
    here?.classList.remove("here");
    here = stops[Math.min(Math.max(at + by, 0), stops.length - 1)];
    here.classList.add("here");
    here.scrollIntoView({ block: trial ? "start" : "nearest" });
  };
  const follow = (query) => one(query, open() ?? document)?.click();
  const fold = () => {
    const parts = all("details", open() ?? document);
    const closed = parts.some((part) => !part.open);
    for (const part of parts) part.open = closed;
  };
  const keys = {
    "/": () => search?.focus(),
    t: theme,
    j: () => move(1),
    k: () => move(-1),
    Enter: () => here?.tagName === "TR" && one("a", here)?.click(),
    n: () => follow("a[rel=next]"),
    p: () => follow("a[rel=prev]"),
    u: () => follow("a[rel=up]"),
    e: fold,
    "?": () => one("#keys")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target === search) {
      search.value = "";
      search.blur();
      find();
    }
    const typing = /^(INPUT|SELECT|TEXTAREA|BUTTON|SUMMARY|A)$/.test(event.target.tagName);
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
    if (typing && (event.key === "Enter" || event.target.matches("input, select"))) return;
    event.preventDefault();
    act();
  });
  for (const button of all("[data-do=theme]")) button.addEventListener("click", theme);
  for (const button of all("[data-do=keys]")) button.addEventListener("click", keys["?"]);
  for (const button of all("[data-do=fold]")) button.addEventListener("click", fold);
  for (const button of all("[data-do=close]")) button.addEventListener("click", () => button.closest("dialog").close());

  // A link into a trial of this page opens what it leads to, at its beginning.
  const arrive = () => {
    here = null;
    const target = document.getElementById(location.hash.slice(1));
    target?.closest("details")?.setAttribute("open", "");
    if (target?.matches(".trial")) scrollTo(0, 0);
  };
  addEventListener("hashchange", arrive);
  arrive();
})();
