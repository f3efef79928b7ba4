"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";

  function player(root) {
    const table = root.querySelector(".lanes");
    const rows = [...root.querySelectorAll(".row.step")];
    const joins = root.querySelector(".joins");
    const live = root.querySelector(".live");
    const at = root.querySelector(".at");
    const values = root.querySelector(".values");
    const [previous, next, all] = ["previous", "next", "all"].map((name) => root.querySelector("." + name));
    const conflicts = JSON.parse(root.dataset.conflicts);
    let current = -1;

    function told(row) {
      const { worker, action, target, value } = row.dataset;
      if (action === "read") return `${worker} reads ${target}${value ? ": " + value : ""}`;
      if (action === "write") return `${worker} writes ${target}${value ? " = " + value : ""}`;
      return `${worker}: ${action} ${target} ${value}`.trim();
    }

    function show(step, announce) {
      root.classList.toggle("stepping", step >= 0);
      current = Math.max(-1, Math.min(rows.length - 1, step));
      rows.forEach((row, index) => {
        row.classList.toggle("current", index === current);
        row.classList.toggle("later", current >= 0 && index > current);
        if (index === current) row.setAttribute("aria-current", "step");
        else row.removeAttribute("aria-current");
      });
      previous.disabled = current <= 0;
      next.disabled = current === rows.length - 1;
      at.textContent = current < 0 ? `${rows.length} steps` : `${current + 1} of ${rows.length}`;
      const row = rows[current];
      if (row) {
        const place = row.querySelector(".place");
        const partners = conflicts.flatMap(([a, b]) => (a === current ? [b + 1] : b === current ? [a + 1] : []));
        const where = place ? `, ${place.textContent}` : "";
        const clash = partners.length ? `. In conflict with step ${partners.join(" and ")}` : "";
        live.textContent = `Step ${current + 1} of ${rows.length}: ${told(row)}${where}${clash}.`;
        if (announce) row.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else {
        live.textContent = announce ? `All ${rows.length} steps shown.` : "Press ↓ to step through.";
      }
      fill();
      draw();
    }

    function hold(known, holder, held) {
      if (held.length) known.set(holder, { value: held.join(", "), held });
      else known.delete(holder);
    }

    function fill() {
      const known = new Map();
      rows.slice(0, current < 0 ? rows.length : current + 1).forEach((row, index) => {
        const { worker, action, target, value } = row.dataset;
        const holder = `${worker} holds`;
        const held = known.get(holder) ? known.get(holder).held : [];
        if (action === "acquire") hold(known, holder, [...held, target]);
        if (action === "release") hold(known, holder, held.toSpliced(Math.max(0, held.lastIndexOf(target)), 1));
        if (value && (action === "read" || action === "write")) {
          const old = known.get(target);
          known.set(target, { value, changed: action === "write" && index === current && !(old && old.value === value) });
        }
      });
      values.hidden = known.size === 0;
      values.querySelector("tbody").replaceChildren(
        ...[...known].map(([target, { value, changed }]) => {
          const line = document.createElement("tr");
          const head = document.createElement("th");
          const cell = document.createElement("td");
          head.scope = "row";
          head.textContent = target;
          cell.textContent = value;
          line.className = changed ? "changed" : "";
          line.append(head, cell);
          return line;
        }),
      );
    }

    function box(row) {
      const base = table.getBoundingClientRect();
      const { left, top, width, height } = row.querySelector(".act").getBoundingClientRect();
      const [x, y] = [left - base.left, top - base.top];
      return { left: x, right: x + width, middle: x + width / 2, top: y, bottom: y + height, centre: y + height / 2 };
    }

    function line(path, name) {
      const drawn = document.createElementNS(SVG, "path");
      drawn.setAttribute("d", path);
      drawn.setAttribute("class", name);
      joins.append(drawn);
    }

    function draw() {
      joins.replaceChildren();
      const boxes = rows.map(box);
      rows.forEach((row, index) => {
        if (index && row.classList.contains("switched")) {
          const [a, b] = [boxes[index - 1], boxes[index]];
          const y = (a.bottom + b.top) / 2;
          line(`M${a.middle} ${a.bottom} V${y} H${b.middle} V${b.top}`, "switch");
        }
      });
      conflicts.forEach(([from, to]) => {
        const [a, b] = [boxes[from], boxes[to]];
        const rightwards = b.middle > a.middle;
        const [x1, x2] = rightwards ? [a.right, b.left] : [a.left, b.right];
        const bend = Math.max(24, Math.abs(x2 - x1) / 2) * (rightwards ? 1 : -1);
        const near = current === from || current === to;
        const away = current >= 0 && !near;
        line(`M${x1} ${a.centre} C${x1 + bend} ${a.centre} ${x2 - bend} ${b.centre} ${x2} ${b.centre}`,
          `join ${near ? "near" : ""} ${away ? "away" : ""}`);
      });
    }

    function key(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const to = {
        ArrowDown: current + 1, ArrowRight: current + 1, ArrowUp: Math.max(0, current - 1),
        ArrowLeft: Math.max(0, current - 1), Home: 0, End: rows.length - 1, Escape: -1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(to, true);
    }

    root.addEventListener("keydown", key);
    rows.forEach((row, index) => row.addEventListener("click", () => {
      if (!String(getSelection())) show(index, true);
    }));
    previous.addEventListener("click", () => show(current - 1, true));
    next.addEventListener("click", () => show(current + 1, true));
    all.addEventListener("click", () => show(-1, true));
    new ResizeObserver(draw).observe(table);
    show(-1, false);
  }

  function copying(button) {
    const code = button.parentElement.querySelector("code");
    button.addEventListener("click", async () => {
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Selected";
      }
    });
  }

  function reveal() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const closed = target && target.closest("details:not([open])");
    if (closed) closed.open = true;
    if (target) target.scrollIntoView();
  }

  document.querySelectorAll(".player").forEach(player);
  document.querySelectorAll(".copy").forEach(copying);
  addEventListener("hashchange", reveal);
  reveal();
})();
