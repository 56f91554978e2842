/** HTML and data URLs as text. */

/** For text and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, (character) => names[character]);
}

/** A table of names and values; a third column holds notes, where there are any. */
export function nameTable(rows: readonly (readonly [name: string, value: string, note?: string])[]): string {
  const body = rows.map(([name, ...cells]) => {
    const values = cells.map((cell) => `<td>${escapeHtml(cell ?? '')}</td>`).join('');
    return `<tr><th scope="row">${escapeHtml(name)}</th>${values}</tr>`;
  });
  return `<table>${body.join('')}</table>`;
}

/** A table with a row of headings. */
export function valueTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = headings.map((heading) => `<th scope="col">${escapeHtml(heading)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((value) => `<td>${escapeHtml(value)}</td>`).join('')}</tr>`);
  return `<table class="values"><tr>${head}</tr>${body.join('')}</table>`;
}

/** A page that needs nothing beside it: no network, no script. `style` and `body` are HTML, the title is text. */
export function htmlPage({ title, style, body }: { title: string; style: string; body: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** A framed part of the page. */
export function card(body: string): string {
  return `<div class="card">${body}</div>`;
}

export function pngUrl(png: Uint8Array): string {
  const CHUNK = 8192;
  let characters = '';
  for (let at = 0; at < png.length; at += CHUNK) characters += String.fromCharCode(...png.subarray(at, at + CHUNK));
  return `data:image/png;base64,${btoa(characters)}`;
}
