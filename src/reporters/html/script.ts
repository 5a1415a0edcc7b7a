/** The page's own program: search and filter. Without it everything is there, and only these two are not. */
export const script = `
(() => {
  const search = document.querySelector('#search');
  const count = document.querySelector('#count');
  const rows = [...document.querySelectorAll('details.testcase')];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const buttons = [...document.querySelectorAll('button[data-show]')];
  let show = 'all';
  const apply = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const visible = (show === 'all' || row.dataset.status === show) && words.every((word) => texts.get(row).includes(word));
      row.hidden = !visible;
      if (visible) shown += 1;
    }
    count.textContent = shown + ' of ' + rows.length + ' testcases';
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.show === show));
  };
  search.addEventListener('input', apply);
  for (const button of buttons) button.addEventListener('click', () => { show = button.dataset.show; apply(); });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target === search) return;
    event.preventDefault();
    search.focus();
  });
  const open = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row instanceof HTMLDetailsElement) row.open = true;
  };
  addEventListener('hashchange', open);
  open();
  apply();
})();
`;
