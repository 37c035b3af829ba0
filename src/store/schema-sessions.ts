/**
 * Who is signed in to the page for moderators. `key` is the hash of what the browser has, and
 * `token` that of the token that was shown: the database tells neither.
 */
export const SESSIONS = `
create table session (
  key bytea primary key,
  token bytea not null,
  until timestamptz not null
);
create index on session (until);
`;
