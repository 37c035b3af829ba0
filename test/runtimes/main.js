import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { coreSteps, factsOf } from './core.js';
import { machineSteps } from './machine.js';

// The whole program, for Node, Bun and Deno: reads its question from a file, and writes what it
// found to another.
const [questionPath, answerPath] = process.argv.slice(2);
const question = JSON.parse(readFileSync(questionPath, 'utf8'));
const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node;
const facts = await factsOf({ ...coreSteps(question), ...machineSteps(question) });
writeFileSync(answerPath, JSON.stringify({ version, facts }));
