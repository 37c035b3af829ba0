/*
 * Asks what became of a case, as the page does: `node ask.mjs ADDRESS < code.txt`. The code stays
 * here. A proof made from it goes to the service, in a header.
 */
import { text } from 'node:stream/consumers';
import { createStateProof } from 'onlyhashes';

const { case: number, proof } = await createStateProof((await text(process.stdin)).trim());
const reply = await fetch(`${process.argv[2]}/v1/cases/${number}`, {
  headers: { 'case-proof': proof },
});
console.log(JSON.stringify(await reply.json()));
process.exitCode = reply.ok ? 0 : 1;
