/** What a gallery adds to the style sheet of reports. */
export const GALLERY_STYLE = `
.legend { color: var(--soft); font-size: .85rem; margin: 0 0 .9rem; }
.legend i { display: inline-block; width: 1.6em; height: 1em; margin: 0 .35em 0 .9em; vertical-align: -.1em; }
.legend i.mine { border: 2px solid #1e78e6; }
.legend i.true { border: 2px dashed var(--ink); }
.exhibits { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1rem; }
.exhibit { padding: .75rem; overflow: hidden; }
.exhibit p { margin: .5rem 0 0; overflow-wrap: anywhere; font-size: .875rem; line-height: 1.45; }
.exhibit p b { display: block; color: var(--soft); font-weight: 400; font-size: .75rem; line-height: 1.3; }
.exhibit .id { margin: 0 0 .5rem; color: var(--soft); font-size: .75rem; }
.exhibit .tag { color: var(--soft); font-size: .85em; }
.picture { position: relative; line-height: 0; }
.picture img { width: 100%; height: auto; border-radius: 4px; }
.picture i { position: absolute; border: 2px solid var(--box); box-shadow: 0 0 0 1px #0006; border-radius: 2px; }
.picture i.true { border: 2px dashed #fff; box-shadow: none; outline: 1px dashed #000a; outline-offset: -2px; }
.picture.missing { line-height: 1.5; padding: 2rem 1rem; border: 1px dashed var(--rule); border-radius: 4px; color: var(--soft); font-size: .8rem; }
.chip { display: inline-block; margin: 0 .6em 0 0; }
.chip::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-right: .35em; border-radius: 2px; background: var(--box); }
.chip small { color: var(--soft); }
.options { margin: .5rem 0 0; padding: 0; list-style: none; font-size: .875rem; }
.options li { display: flex; gap: .6rem; justify-content: space-between; padding: .1rem 0; }
.options .chosen { font-weight: 600; }
.options small { color: var(--soft); white-space: nowrap; font-weight: 400; }
`;
