/** Style of the moderators' pages, for narrow and wide windows, light and dark. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c1f23;--soft:#555d66;--ground:#fff;--raised:#f3f5f7;--line:#868e96;--strong:#0b4f8a;--on-strong:#fff;--stop:#a11b1b;--focus:#b35900}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#aeb6bf;--ground:#15181c;--raised:#20252b;--line:#7b848d;--strong:#8cc2f5;--on-strong:#0b1a28;--stop:#ff9d94;--focus:#ffb454}}
*{box-sizing:border-box}
html{scroll-padding:5rem 0 11rem}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--strong)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
main:focus{outline:0}
.skip{position:absolute;left:-99rem}
.skip:focus{left:.5rem;top:.5rem;padding:.5rem 1rem;background:var(--ground);z-index:2}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:center;justify-content:space-between;padding:.5rem 1rem;border-bottom:1px solid var(--line);background:var(--raised)}
header:empty{display:none}
nav ul{display:flex;gap:1rem;list-style:none;margin:0;padding:0}
nav a{display:inline-block;padding:.5rem .25rem}
nav a[aria-current]{color:inherit;font-weight:600;text-decoration:none;border-bottom:3px solid}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 1rem}
h2{font-size:1.15rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:1rem 0 .25rem}
.soft{color:var(--soft)}
.card,.notice{border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:0 0 1rem}
.notice{border-left:.5rem solid var(--strong);background:var(--raised)}
.notice.stop{border-left-color:var(--stop)}
.notice p{margin:0}
.card p{margin:.25rem 0}
time{white-space:nowrap}
.items{list-style:none;margin:0;padding:0}
dl{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.25rem 1rem;margin:0}
dt{color:var(--soft)}
dd{margin:0}
dd ul{margin:0;padding-left:1.1rem}
.drawings{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:1rem;max-width:44rem;margin:0 0 1rem}
.drawings p{grid-column:span 2}
figure{margin:0}
figure svg{display:block;width:100%;max-height:14rem}
.outline svg{border:1px solid var(--line);border-radius:.3rem;background:#808080}
.outline g{filter:blur(.6px)}
.time{margin:.75rem 0 0}
.time svg{max-height:none}
.upload{margin:0 0 1rem}
.upload input{width:1.25rem;height:1.25rem;margin:0 .5rem 0 0;vertical-align:-.2rem}
.upload label{display:inline;font-weight:400}
.veil{margin:.75rem 0 0;overflow:hidden;border:1px solid var(--line);border-radius:.3rem;min-height:4rem}
.veil img{display:block;max-width:100%;max-height:24rem;margin:0 auto;filter:blur(1.5rem) grayscale(1)}
#sharp:checked~.veil img{filter:none}
figcaption{color:var(--soft);font-size:.875rem}
label{display:block;font-weight:600;margin:0 0 .25rem}
input,textarea{width:100%;max-width:40rem;padding:.6rem;border:1px solid var(--line);border-radius:.3rem;font:inherit;color:inherit;background:var(--ground)}
button{min-height:2.75rem;padding:.5rem 1.1rem;border:2px solid var(--strong);border-radius:.3rem;font:inherit;font-weight:600;color:var(--strong);background:var(--ground);cursor:pointer}
button.first{color:var(--on-strong);background:var(--strong)}
button.plain{border-color:transparent;background:none;padding:.5rem .25rem;text-decoration:underline;font-weight:400}
.decide{position:sticky;bottom:0;margin:0 -1rem 1rem;padding:.75rem 1rem;background:var(--raised);border-top:1px solid var(--line)}
.decide p{margin:0 0 .5rem;font-size:.875rem}
.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
.row a{padding:.6rem .25rem}
.row input{flex:1;width:auto;min-width:10rem}
details,main form{margin:0 0 1rem}
.card form{margin:.75rem 0 0}
fieldset{margin:0;padding:0;border:0}
legend{font-weight:600;padding:0}
.choice{font-weight:400;padding:.35rem 0;margin:0}
.choice input{width:1.25rem;height:1.25rem;margin:0 .5rem 0 0;vertical-align:-.2rem}
textarea{display:block}
table{border-collapse:collapse;margin:.75rem 0 0}
caption{text-align:left;color:var(--soft)}
th,td{text-align:left;font-weight:400;padding:.25rem 1rem .25rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);overflow-wrap:normal}
summary{padding:.5rem 0;color:var(--strong);cursor:pointer;font-weight:600}
.narrow{max-width:26rem}
@media (max-width:40rem){.drawings{grid-template-columns:repeat(2,minmax(0,1fr))}dl{grid-template-columns:minmax(5.5rem,28%) 1fr;gap:.25rem .75rem}.decide{padding:.5rem 1rem}.decide button{flex:1 1 auto;padding:.5rem}}
@media print{header,.skip,.unprinted{display:none}main{max-width:none}}
@media (max-height:30rem){.decide{position:static}}
`;
