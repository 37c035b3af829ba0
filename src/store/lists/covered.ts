/**
 * SQL condition that a withdrawal in force covers an entry: by its hash, by that of the picture of
 * which it is a part, or by its id.
 * @param table the name of the entry's table in the statement
 * @param onList whether only withdrawals count that name the entry's list
 */
export function isCovered(table: string, { onList = false } = {}): string {
  const isOn = onList ? `w.list = ${table}.list` : `(w.list is null or w.list = ${table}.list)`;
  const hashes = `(${table}.hash, ${table}.group_hash)`;
  return `(exists (select from withdrawal as w where w.listed and w.hash in ${hashes}
      and w.algorithm = ${table}.algorithm and ${isOn})
    or exists (select from withdrawal_group as w where w.hash in ${hashes}
      and w.algorithm = ${table}.algorithm and w.list = ${table}.list)
    or exists (select from withdrawal as w where w.listed and w.id = ${table}.id
      and (w.source is null or w.source = ${table}.source) and ${isOn}))`;
}
