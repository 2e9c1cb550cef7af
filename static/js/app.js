// The few things that plain HTML cannot do. Every page works without this file.
(() => {
  "use strict";

  // A button that copies: <button data-copy="what" data-done="Copied" hidden>. Shown only where it works.
  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    const words = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = words; }, 2000);
    });
  }

  // A colour picker beside a field of hex digits: <input type="color" data-picks="id of the field" hidden>.
  for (const picker of document.querySelectorAll("input[data-picks]")) {
    const field = document.getElementById(picker.dataset.picks);
    picker.hidden = false;
    picker.addEventListener("input", () => { field.value = picker.value; });
    field.addEventListener("input", () => { if (/^#[0-9a-f]{6}$/i.test(field.value)) picker.value = field.value; });
  }

  // A box over a list that ticks all boxes below it: <input type="checkbox" data-pick-all hidden>.
  const showPickers = () => { for (const box of document.querySelectorAll("input[data-pick-all]")) box.hidden = false; };
  showPickers();
  document.addEventListener("htmx:after:swap", showPickers);
  document.addEventListener("change", (event) => {
    if (!event.target.matches("input[data-pick-all]")) return;
    for (const box of event.target.closest("table").querySelectorAll("tbody input[type=checkbox]")) box.checked = event.target.checked;
  });

  // htmx begins to listen a moment after the page stands. What was typed before that is asked for then.
  const TYPED = "input[type=search], input[type=text], input:not([type]), textarea";
  const catchUp = (asking) => {
    if (!asking.getAttribute?.("hx-trigger")?.startsWith("input")) return;
    const boxes = asking.matches(TYPED) ? [asking] : [...asking.querySelectorAll(TYPED)];
    if (boxes.some((box) => box.value !== box.defaultValue)) asking.dispatchEvent(new Event("input"));
  };
  for (const asking of document.querySelectorAll("[hx-trigger]")) catchUp(asking);
  document.addEventListener("htmx:after:init", (event) => catchUp(event.target));

  // Escape leaves the search; arrows walk through what was found.
  const found = document.getElementById("found");
  document.querySelector("form.search")?.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { document.activeElement.blur(); return; }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [document.getElementById("search"), ...found.querySelectorAll("a")];
    const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    if (stops[next]) { event.preventDefault(); stops[next].focus(); }
  });

  // Ctrl+K, ⌘K and "/" go to the search box.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const shortcut = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (!shortcut && (typing || event.key !== "/")) return;
    const search = document.getElementById("search");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
})();
