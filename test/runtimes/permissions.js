import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { createBlocklist } from 'onlyhashes';
import { check, createHashPool, hash } from 'onlyhashes/node';

// What is told where a program may start no processes.
const [questionPath, answerPath] = process.argv.slice(2);
const { photo } = JSON.parse(readFileSync(questionPath, 'utf8'));
const list = createBlocklist([{ hash: (await hash(photo)).hash, labels: [] }]);
const { verdict, reason } = await check(photo, list);
const pool = createHashPool();
const { name, code, message } = await pool.hash(photo).catch((error) => error);
await pool.close();
const threads = createHashPool({ isolation: 'thread' });
const inThread = (await threads.check(photo, list)).verdict;
await threads.close();
writeFileSync(answerPath, JSON.stringify({ verdict, reason, name, code, message, inThread }));
