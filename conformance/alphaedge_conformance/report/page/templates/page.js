"use strict";
(() => {
  const form = document.querySelector(".filters");
  const items = [...document.querySelectorAll(".requirement")];
  const groups = [...document.querySelectorAll(".subject")];
  const only = document.getElementById("only-differing");
  const words = new Map();

  // What a search looks at: sentences, ids and messages, not the bodies.
  function textOf(item) {
    if (!words.has(item)) {
      const parts = item.querySelectorAll(":scope > summary, .origin, .reason, .finding > summary, th, td");
      words.set(item, [...parts].map((part) => part.textContent).join(" ").toLowerCase());
    }
    return words.get(item);
  }

  function apply() {
    const wanted = Object.fromEntries(new FormData(form));
    const sought = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) {
      item.hidden = !(
        (!wanted.level || item.dataset.level === wanted.level) &&
        (!wanted.status || item.dataset.status.split(" ").includes(wanted.status)) &&
        (!wanted.subject || item.dataset.subject === wanted.subject) &&
        sought.every((word) => textOf(item).includes(word))
      );
    }
    for (const group of groups) group.hidden = !group.querySelector(".requirement:not([hidden])");
    const left = items.filter((item) => !item.hidden && !(only?.checked && item.classList.contains("same")));
    form.querySelector("output").textContent = `${left.length} of ${items.length} shown`;
    remember(wanted);
  }

  // In the query, so that the fragment stays free for links to a requirement.
  function remember(wanted) {
    const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
    const text = query.toString();
    try {
      history.replaceState(null, "", location.pathname + (text ? `?${text}` : "") + location.hash);
    } catch {
      // Some browsers let no page from disk change its address; the filter works without.
    }
  }

  function recall() {
    for (const [name, value] of new URLSearchParams(location.search)) {
      const field = form.elements[name];
      if (!field) continue;
      field.value = value;
      if (field.value !== value) field.value = "";
    }
  }

  // A link leads to its requirement, whatever hides it.
  function reveal() {
    const id = decodeURIComponent(location.hash.slice(1));
    const found = id && document.getElementById(id);
    if (!found) return;
    if (found.closest("[hidden]")) form.reset();
    if (only && found.matches(".same, .same *")) only.checked = false;
    if (form) apply();
    for (let at = found; at; at = at.parentElement) if (at.localName === "details") at.open = true;
    found.scrollIntoView();
  }

  function copied(button, text) {
    const said = button.textContent;
    const done = (ok) => {
      button.textContent = ok ? "Copied" : "Select and copy";
      setTimeout(() => (button.textContent = said), 1500);
    };
    navigator.clipboard ? navigator.clipboard.writeText(text).then(() => done(true), () => done(false)) : done(false);
  }

  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      copied(button, button.dataset.copy ?? button.parentElement.querySelector("pre").textContent);
    });
  }
  // Targets: sorted by a column of their table, and filtered; the columns of the matrix follow.
  const aim = document.querySelector(".aim");
  const rows = [...document.querySelectorAll(".targets tbody tr")];
  const headings = [...document.querySelectorAll(".targets thead th")];

  function arrange() {
    const order = new Map(rows.map((row, place) => [row.dataset.target, { place, hidden: row.hidden }]));
    const at = (cell) => order.get(cell.dataset.target);
    for (const line of document.querySelectorAll(".matrix tr:not(.head)")) {
      const cells = [...line.querySelectorAll("[data-target]")];
      for (const cell of cells) cell.hidden = at(cell).hidden;
      line.append(...cells.sort((one, other) => at(one).place - at(other).place));
    }
  }

  function sort(heading) {
    const column = headings.indexOf(heading);
    const value = (row) => row.children[column].dataset.value;
    const descends = heading.ariaSort ? heading.ariaSort === "ascending" : column > 1;
    for (const each of headings) each.removeAttribute("aria-sort");
    heading.ariaSort = descends ? "descending" : "ascending";
    rows.sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      if (a === "" || b === "") return (a === "") - (b === "");
      const by = column ? a - b : a.localeCompare(b, undefined, { numeric: true });
      return descends ? -by : by;
    });
    rows[0].parentElement.append(...rows);
    arrange();
  }

  function choose() {
    const wanted = Object.fromEntries(new FormData(aim));
    const part = wanted.target.toLowerCase();
    for (const row of rows) {
      const name = row.children[0].dataset.value.toLowerCase();
      row.hidden = !name.includes(part) || (wanted.verdict && row.dataset.verdict !== wanted.verdict) ? true : false;
    }
    const left = rows.filter((row) => !row.hidden).length;
    aim.querySelector("output").textContent = `${left} of ${rows.length} targets`;
    arrange();
  }

  if (aim) {
    aim.hidden = false;
    aim.addEventListener("input", choose);
    aim.addEventListener("submit", (event) => event.preventDefault());
    for (const heading of headings) {
      const button = heading.querySelector("button");
      button.disabled = false;
      button.addEventListener("click", () => sort(heading));
    }
    choose();
  }

  if (form) {
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    only?.addEventListener("input", apply);
    recall();
    apply();
  }
  addEventListener("hashchange", reveal);
  // A second click on the same link changes no address.
  addEventListener("click", (event) => {
    if (event.target.closest?.('a[href^="#"]')) setTimeout(reveal);
  });
  reveal();
})();
