// The class overview can be sorted and searched. Without JavaScript it is all there as well.
import { createHash } from 'node:crypto';

export const SCRIPT = `
(() => {
  const table = document.querySelector('table.class');
  if (!table) return;
  document.documentElement.classList.add('scripted');
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === 'DETAILS') target.open = true;
  };
  addEventListener('hashchange', reveal);
  reveal();
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const find = document.querySelector('#find');
  const open = document.querySelector('#open');
  const show = () => {
    const text = find.value.trim().toLowerCase();
    for (const row of rows) {
      row.hidden = !row.dataset.name.includes(text) || (open.checked && row.dataset.passed === 'yes');
    }
  };
  find.addEventListener('input', show);
  open.addEventListener('change', show);
  for (const heading of table.querySelectorAll('th[data-sort]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener('click', () => {
      const key = heading.dataset.sort;
      const up = heading.getAttribute('aria-sort') !== 'ascending';
      for (const other of table.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const order = (a, b) => key === 'name'
        ? a.dataset.name.localeCompare(b.dataset.name)
        : Number(a.dataset.points) - Number(b.dataset.points);
      rows.sort((a, b) => (up ? order(a, b) : order(b, a)));
      body.append(...rows);
    });
  }
})();
`;

/**
 * Nothing but the page's own script may run and nothing is loaded, even if a submission found a way
 * to put markup into it.
 */
export function contentPolicy(): string {
  const digest = createHash('sha256').update(SCRIPT).digest('base64');
  return [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'img-src data:',
    `script-src 'sha256-${digest}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
