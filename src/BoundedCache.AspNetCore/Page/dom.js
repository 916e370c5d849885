// Creates elements in one expression. Text is always set as text, so a cache's name is never read as markup.

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') {
      made.className = value;
    } else if (name === 'style') {
      // Through the object model: the page's content security policy refuses style attributes.
      for (const [property, setting] of Object.entries(value)) {
        made.style.setProperty(property, setting);
      }
    } else {
      made.setAttribute(name, value);
    }
  }

  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Sets text only if it differs, so that live regions and selections are not disturbed. */
export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Text for screen readers only. */
export const spoken = (text) => element('span', { class: 'hidden' }, text);

/** Makes a control do nothing while something runs. Unlike `disabled`, this keeps the focus on it. */
export function setBusy(controls, busy) {
  for (const control of controls) {
    if (busy) {
      control.setAttribute('aria-disabled', 'true');
    } else {
      control.removeAttribute('aria-disabled');
    }
  }
}

export const isBusy = (control) => control.getAttribute('aria-disabled') === 'true';
