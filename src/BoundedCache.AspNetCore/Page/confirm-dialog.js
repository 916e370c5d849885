// Asks for confirmation before a change. One dialog for all: it is modal, so the browser keeps the focus inside and
// returns it to the button that asked; Escape and Cancel change nothing.

import { byId, element } from './dom.js';

const dialog = byId('confirm');
const form = dialog.querySelector('form');
const field = byId('confirm-field');
const yes = byId('confirm-yes');
const problem = byId('confirm-problem');

byId('confirm-no').addEventListener('click', () => dialog.close());

/**
 * @param question title, text (sentences), action (the button's text), danger, and optionally field:
 * { label, control, read(control) }; read throws an Error that says what is expected.
 * @returns the field's value, or true; null if it was not confirmed, or if another question stands open.
 */
export async function confirm(question) {
  if (dialog.open) {
    return null; // Its text and button must not change under the user's hand.
  }

  byId('confirm-title').textContent = question.title;
  byId('confirm-text').replaceChildren(...question.text.map((sentence) => element('p', {}, sentence)));
  yes.textContent = question.action;
  yes.className = question.danger ? 'primary danger' : 'primary';
  problem.textContent = '';
  field.hidden = !question.field;
  field.querySelector('input, select')?.remove();
  if (question.field) {
    field.querySelector('.label').textContent = question.field.label;
    question.field.control.setAttribute('aria-describedby', 'confirm-problem');
    field.append(question.field.control);
  }

  return new Promise((resolve) => {
    let answer = null;
    form.onsubmit = (event) => {
      event.preventDefault();
      try {
        answer = question.field ? question.field.read(question.field.control) : true;
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
        question.field.control.setAttribute('aria-invalid', 'true');
        question.field.control.focus();
      }
    };
    dialog.onclose = () => resolve(answer);
    dialog.showModal();
    (question.field?.control ?? byId('confirm-no')).focus();
  });
}
