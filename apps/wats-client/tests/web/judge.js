// What a page does wrong for those who see it, as a list of sentences: nothing sticks out, everything is legible
// (WCAG 2.2, 1.4.3 and 1.4.11), has a name and can be hit with a finger (2.5.8).
(() => {
  const faults = [];
  const label = (element) => `${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""}.${element.className.baseVal ?? element.className} "${(element.textContent || "").trim().slice(0, 40)}"`;

  for (const element of document.body.querySelectorAll("*")) {
    const { right, width } = element.getBoundingClientRect();
    let scrolls = false;
    for (let above = element.parentElement; above && above !== document.body; above = above.parentElement) {
      scrolls ||= getComputedStyle(above).overflowX !== "visible";
    }
    if (!scrolls && width > 0 && right > innerWidth + 1) faults.push(`${label(element)} sticks out to ${right}`);
  }
  for (const drawing of document.querySelectorAll("svg")) {
    const [own, around] = [drawing, drawing.parentElement].map((element) => element.getBoundingClientRect());
    if (own.top < around.top - 1 || own.bottom > around.bottom + 1) faults.push(`${label(drawing.parentElement)} is too low for its drawing`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} wide`);

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids.filter((id, place) => ids.indexOf(id) !== place)) faults.push(`the id ${id} comes twice`);
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!field.labels?.length && !field.ariaLabel) faults.push(`${label(field)} ${field.name} has no label`);
  }

  // Colours as red, green, blue and opacity, each from 0 to 1.
  const colour = (text) => {
    const numbers = text.match(/-?[\d.]+(e-?\d+)?/g)?.map(Number) ?? [0, 0, 0, 0];
    const [red, green, blue, opacity = 1] = numbers;
    return text.startsWith("color(") ? [red, green, blue, opacity] : [red / 255, green / 255, blue / 255, opacity];
  };
  const over = (front, back) => front.slice(0, 3).map((part, index) => part * front[3] + back[index] * (1 - front[3]));
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(colour(getComputedStyle(at).backgroundColor));
    return layers.reduceRight((back, front) => over(front, back), [1, 1, 1]);
  };
  const luminance = (parts) => {
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest(":disabled, .skip, script, noscript")) continue;
    const style = getComputedStyle(element);
    const own = colour(element.closest("svg") ? style.fill : style.color);
    const back = behind(element);
    const ratio = contrast(over(own, back), back);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) faults.push(`${label(element)} has a contrast of ${ratio.toFixed(2)}`);
  }
  for (const field of document.querySelectorAll("input:not([type=hidden]):not(:disabled), select:not(:disabled), textarea, .button")) {
    if (!field.checkVisibility()) continue;
    const edge = contrast(over(colour(getComputedStyle(field).borderTopColor), behind(field.parentElement)), behind(field.parentElement));
    if (edge < 3) faults.push(`the edge of ${label(field)} ${field.name} has a contrast of ${edge.toFixed(2)}`);
    if (field.placeholder) {
      const ratio = contrast(over(colour(getComputedStyle(field, "::placeholder").color), behind(field)), behind(field));
      if (ratio < 4.5) faults.push(`the example in ${field.name} has a contrast of ${ratio.toFixed(2)}`);
    }
  }

  for (const target of document.querySelectorAll("button, select, summary, nav a, .button, input:not([type=hidden])")) {
    if (!target.checkVisibility()) continue;
    const { width, height } = target.getBoundingClientRect();
    if (width < 24 || height < 24) faults.push(`${label(target)} is only ${width} by ${height}`);
  }
  return faults;
})()
