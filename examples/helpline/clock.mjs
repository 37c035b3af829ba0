/*
 * Sets the clock of a program forward by DAYS, so that nobody has to wait for the next week to see
 * what a person is told then: DAYS=7 node --import ./clock.mjs …
 */
const Now = Date;
const ahead = Number(process.env.DAYS ?? 0) * 86_400_000;

globalThis.Date = class extends Now {
  constructor(...given) {
    super(...(given.length > 0 ? given : [Now.now() + ahead]));
  }

  static now() {
    return Now.now() + ahead;
  }
};
