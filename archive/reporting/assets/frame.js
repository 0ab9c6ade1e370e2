"use strict";
// The page of a frame: slider, blinking, outlines, search in the header, links to the frames before and after.

(() => {
  const INTERVAL = 700; // ms; below three flashes a second
  const get = (id) => document.getElementById(id);
  const stack = get("stack");

  function slide() {
    const value = get("slider").value;
    stack.style.setProperty("--cut", `${value}%`);
    get("slider-value").textContent = value;
  }

  // Where motion is unwelcome, a press changes from before to after or back, and nothing moves by itself.
  function blinking(button) {
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    let timer = 0;
    const swap = () => stack.classList.toggle("after");
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      stack.classList.remove("blink", "after");
      button.setAttribute("aria-pressed", "false");
    };
    button.addEventListener("click", () => {
      const on = stack.classList.contains("blink");
      if (on && still.matches && !stack.classList.contains("after")) {
        swap();
      } else if (on) {
        stop();
      } else {
        stack.classList.add("blink");
        button.setAttribute("aria-pressed", "true");
        if (!still.matches) timer = setInterval(swap, INTERVAL);
      }
    });
    get("slider").addEventListener("input", stop);
  }

  function outlines() {
    for (const box of document.querySelectorAll("[data-shows]")) {
      const group = get(box.dataset.shows);
      const show = () => group.toggleAttribute("hidden", !box.checked);
      box.addEventListener("change", show);
      show();
    }
  }

  function search() {
    const lines = [...document.querySelectorAll("#header-cards tbody tr")];
    const texts = lines.map((line) => line.textContent.toLowerCase());
    const find = () => {
      const words = get("header-search").value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      lines.forEach((line, i) => {
        line.hidden = !words.every((word) => texts[i].includes(word));
        count += !line.hidden;
      });
      get("header-count").textContent = `${count} of ${lines.length} cards`;
    };
    get("header-search").addEventListener("input", find);
    find();
  }

  function neighbours() {
    const order = globalThis.CorInpaintOrder || [];
    const here = order.indexOf(get("main").dataset.key);
    if (here < 0) return;
    const point = (id, key) => { if (key) get(id).href = `../${key}/index.html`; };
    point("previous", order[here - 1]);
    point("next", order[here + 1]);
    get("place").textContent = `Frame ${here + 1} of ${order.length}`;
  }

  if (get("slider")) {
    get("slider").addEventListener("input", slide);
    slide();
    blinking(get("blink"));
  }
  outlines();
  search();
  neighbours();
})();
