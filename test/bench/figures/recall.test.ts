import { describe, expect, test } from 'vitest';
import { upperBound } from '../../../bench/robustness/report/metrics.js';
import { policyFor } from '../../../src/policy.js';
import {
  type Counted,
  checked,
  count,
  cutsFound,
  docs,
  HELD_OUT,
  inner,
  KIND_WRONG,
  MIXED,
  MIXED_WRONG,
  mean,
  ONE_KIND,
  of,
  PLAIN,
  percent,
  precision,
  type Run,
  says,
  sealed,
  text,
  WINDOWS,
  WINDOWS_WRONG,
  WRONG,
  wrongMatchesAtMost,
} from './records.js';

describe('recall.md, and what it leads to', () => {
  const page = docs('recall', 'false-matches', 'parts-and-crops', 'listed-screenshots');
  const COLUMNS = [
    'plain PDQ',
    ...['', 'parts, ', 'windows, ', 'both, '].flatMap((list) => [
      `${list}match`,
      `${list}or review`,
    ]),
  ];
  const AIMS = [
    ['', 81, 88],
    ['parts, ', 87, 90],
    ['both, ', 92, 94],
  ] as const;
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

  test('the table of copies: each family, and the mean with its interval', () => {
    expect(sealed.families).toHaveLength(24);
    for (const { name, recall } of sealed.families) {
      const cells = COLUMNS.map((column) => percent(recall[sealed.outcomes.indexOf(column)]!));
      expect(page).toContain(row([name, ...cells]));
    }
    const means = COLUMNS.map((column) => `**${percent(of(column).value, 1)}**`);
    const interval = (name: string) =>
      `${percent(of(name).low, 1)} to ${percent(of(name).high, 1)}`;
    says(page, [
      row(['**mean**', ...means]),
      `match ${interval('match')}, match or review ${interval('or review')}, plain PDQ ${interval('plain PDQ')}. If uploads are hashed first, by \`hash\` or a pool, and only their hashes are compared, ${mean('any <= 31')} % match, and with list crops ${mean('windows, any <= 31')} %`,
      `${count(sealed.queries)} copies of ${sealed.photos.length} photos, among ${sealed.files} files. They were made with ${sealed.edits.length} edits, drawn at random for each photo`,
    ]);
    says(docs('why'), [
      `sharp-phash finds ${mean('sharp-phash <= 4')} % within 4 bits, and blockhash ${mean('blockhash 256 <= 10')} % within 10`,
    ]);
    for (const [list, match, review] of AIMS) {
      expect(of(`${list}match`).value).toBeLessThan(match / 100);
      expect(of(`${list}or review`).value).toBeLessThan(review / 100);
    }
    const [bare, parts, both] = AIMS.map(([, match, review]) => `${match} and ${review}`);
    const aims = `The aims were ${bare} for a bare list, ${parts} with parts, and ${both} with both.`;
    expect(page).toContain(`${aims}** All were missed.`);
  });

  test('the photos that were inspected between changes', () => {
    const [match, review] = ['match', 'or review'].map(
      (name) => checked.macro.find((mean) => mean.name === name)!,
    );
    expect(page).toContain(
      `${percent(match!.value, 1)} % match and ${percent(review!.value, 1)} match or are for review (\`--set checked --quick\`)`,
    );
  });

  test('lists that hold more, and crops anywhere', () => {
    for (const [title, list] of [
      ['a bare list', ''],
      ['with parts', 'parts, '],
      ['with list crops', 'windows, '],
      ['with list crops, and parts of both', 'both, '],
      ['with list crops anywhere, and parts of both', 'anywhere, '],
    ] as const) {
      const cells = [sealed, checked].flatMap((run) =>
        [`${list}match`, `${list}or review`].map((name) => mean(name, run)),
      );
      expect(page.replaceAll(/ +/g, ' ')).toContain(row([title, ...cells]));
    }
    const [tall, social] = ['crop to 9:16', 'social crop'].map((family) =>
      ['anywhere, match', 'both, match'].map((name) =>
        percent(
          sealed.families.find((each) => each.name === family)!.recall[
            sealed.outcomes.indexOf(name)
          ]!,
        ),
      ),
    );
    says(page, [
      `cropped to 9:16, ${tall![0]} % match instead of ${tall![1]}, and of those cropped to other shapes of apps ${social![0]} % instead of ${social![1]}.`,
    ]);
  });

  test('edits of a family, and the photos', () => {
    const review = sealed.outcomes.indexOf('or review');
    const at = (name: string, outcome: string, family = 'social crop') =>
      sealed.edits.find((edit) => edit.family === family && edit.name === name)!.recall[
        sealed.outcomes.indexOf(outcome)
      ]!;
    const cut = (name: string) => percent(at(name, 'or review'));
    const social = sealed.families.find(({ name }) => name === 'social crop')!;
    const weak = (list: string) =>
      sealed.edits.filter(
        ({ recall }) => recall[sealed.outcomes.indexOf(`${list}, or review`)]! < 0.5,
      );
    expect(weak('both').map(({ name }) => name)).toEqual([
      'moved',
      'with words',
      'upside down in a frame',
    ]);
    expect(weak('anywhere').map(({ name }) => name)).toEqual(['upside down in a frame']);
    const missed = weak('both').map(
      ({ recall }) => `${percent(recall[sealed.outcomes.indexOf('both, or review')]!)} %`,
    );
    const [alone, both] = ['match', 'windows, match'].map((name) =>
      percent(social.recall[sealed.outcomes.indexOf(name)]!),
    );
    says(page, [
      `Of the crops for social media, ${percent(social.recall[review]!)} % match or are for review. By edit, these are 1:1 ${cut('1:1')} %, 4:5 ${cut('4:5')} %, 16:9 ${cut('16:9')} %, 1:1 off centre ${cut('1:1, moved')} %, and 4:5 off centre ${cut('4:5, moved')} %.`,
      `9:16 off centre (${missed[0]}), 9:16 with words (${missed[1]}), and upside down in a frame (${missed[2]})`,
      `list crops raised the matches of crops for social media from ${alone} % to ${both} %`,
    ]);
  });

  test('wrong reviews and matches at a million entries', () => {
    const { uploads, entries, distances, moved } = precision;
    expect((uploads * entries).toExponential(1)).toBe('9.3e+8');
    const reviewed = ({ within }: Counted) => within[distances.indexOf(60)]!;
    const mixed = reviewed(MIXED) + reviewed(PLAIN);
    // What the record says of a million entries follows from its counts.
    const each = (events: number, { pairs }: Counted) => (1e6 * events) / pairs;
    expect(each(mixed, MIXED)).toBeCloseTo(WRONG.mixed.value, 3);
    expect(each(reviewed(ONE_KIND), ONE_KIND)).toBeCloseTo(WRONG['one kind'].value, 1);
    expect(each(reviewed(WINDOWS), WINDOWS)).toBeCloseTo(WRONG['windows add'].value, 2);
    const within55 = ({ within }: Counted) => within[distances.indexOf(55)]!;
    expect(within55(MIXED)).toBe(MIXED_WRONG.value);
    expect(each(upperBound(0), MIXED)).toBeCloseTo(MIXED_WRONG.atMost!, 4);
    expect(each(within55(ONE_KIND), ONE_KIND)).toBeCloseTo(KIND_WRONG.value, 1);
    expect(each(within55(WINDOWS), WINDOWS)).toBeCloseTo(WINDOWS_WRONG.value, 3);
    const { reviewDistance: atAMillion } = policyFor('pdq', 256, {}, 1e6);
    expect(atAMillion).toBeLessThanOrEqual(55);
    const bounds = [MIXED, ONE_KIND, WINDOWS].map((counted) =>
      Number(each(upperBound(0), counted).toPrecision(2)),
    );
    expect(bounds).toEqual([0.0037, 0.11, 0.042]);
    const interval = ({ value, low, high }: { value: number; low?: number; high?: number }) =>
      `${value} (${low} to ${high})`;
    const worst = precision.wrongReviewsAtAMillion['worst kind: one thing on a plain ground']!;
    expect(moved.matches).toBe(0);
    expect(docs('distances')).toContain(
      `at most 0.004 wrong reviews an upload on mixed photos, and ${KIND_WRONG.value.toFixed(1)} on photos of one kind`,
    );
    expect(text('src/policy.ts').replaceAll(' * ', ' ')).toContain(
      `${mixed} false pairs in 8.0e8 of unrelated photographs, of which ${reviewed(PLAIN)} had a hash of low quality, and ${reviewed(ONE_KIND)} in 2.7e7 of one kind`,
    );
    says(page, [
      `${count(uploads)} uploads were compared with ${count(entries)} entries`,
      `${mixed} of 8.02e8 pairs of different collections, ${reviewed(ONE_KIND)} of 2.7e7 of one collection`,
      `| mixed | at most 0.004 | ${interval(WRONG.mixed)} | at most 0.004 |`,
      `| of one kind | ${KIND_WRONG.value.toFixed(1)} (${KIND_WRONG.low!.toFixed(1)} to ${KIND_WRONG.high}) | ${interval(WRONG['one kind'])} | at most 0.11 |`,
      `one thing on plain ground | not counted | ${interval(worst)} | |`,
      `| ${WINDOWS_WRONG.value.toFixed(2)} (to ${WINDOWS_WRONG.high!.toFixed(2)}) more | ${WRONG['windows add'].value} more | at most 0.04 |`,
      `${within55(MIXED)}, ${within55(ONE_KIND)} and, for list crops, ${within55(WINDOWS)} of 7.2e7`,
      `${HELD_OUT['60 bits']!.toFixed(1)} % match or are for review at 60 bits, and ${HELD_OUT['54 bits, quality 50 or more']} % at ${atAMillion} bits`,
    ]);
    says(docs('distances'), ['60 up to 100,000, 54 at a million, 46 from ten million on']);
  });

  test('wrong matches: one bound, and hard negatives', () => {
    const [files] = sealed.falsePairs.files;
    const { bare, parts, anywhere } = sealed.wrongVerdicts;
    const { match, review } = bare;
    const kind = (name: string) => sealed.hardNegatives.find((row) => row.kind === name)!;
    const screens = kind('one screen layout, another photo');
    const walls = kind('one frame or wall, another photo');
    const frames = kind('frames of one shot');
    expect(parts).toEqual({ match: 0, review: 0 });
    expect(screens.plainMatches).toBe(screens.matches);
    says(page, [
      `Of ${count(files!.pairs)} pairs of files, ${match} matched wrongly: at most ${wrongMatchesAtMost()} per million (95 %). In all, ${review} queries had a wrong review.`,
      `With parts none had, and with crops anywhere and parts ${anywhere.match} matched a wrong photo and ${anywhere.review} had a wrong review.`,
      `with crops anywhere, ${anywhere.match} copies matched a wrong photo, and ${screens.matches} of ${screens.cases} screens of one app matched another`,
      `Of the ${screens.cases} screens of one app with another photo, ${screens.matches} matched and ${screens.reviews} were for review; with parts, ${screens.matchesWithParts} and ${screens.reviewsWithParts}.`,
      `Of screens of one app with another photo, ${screens.matches} of ${screens.cases} matched, also by plain PDQ. Of frames and walls with another photo, ${walls.matches} of ${walls.cases} matched. Of both, ${screens.reviews + walls.reviews} of ${screens.cases + walls.cases} were for review.`,
      `${frames.matches} of ${frames.cases} pairs match and ${frames.reviews} are for review`,
    ]);
  });

  test('list crops', () => {
    expect(page).toContain(
      `in ${cutsFound('centre', 'windows')} % of cases, and in ${cutsFound('centre', 'alone')} % without list crops. Of crops a little off centre, ${cutsFound('near', 'windows')} % are found, and of crops anywhere, ${cutsFound('anywhere', 'windows')} %`,
    );
  });

  test('places', () => {
    const [{ told, right, near }] = sealed.placed as [Run['placed'][number]];
    says(docs('variants'), [
      `${percent(right / told)} % place it within 2 pixels`,
      `${percent(near / told)} % place each corner within a fiftieth`,
    ]);
  });

  test('screenshots as listed pictures', () => {
    const { set, quick, photos, missing, rows, wrongPairs, sameApp, ordinary } = inner;
    expect([set, quick, missing]).toEqual(['sealed', true, []]);
    const column = (name: string) => rows.map((row) => row[name] as number);
    for (const each of rows) {
      const names = ['plain none', 'plain thorough', 'edited none', 'edited thorough'];
      const found = names.map((name) => each[`${name} inner`]);
      const cells = [each.family, each.screens, each.asked, ...found];
      expect(page.replaceAll(/ +/g, ' ')).toContain(row(cells.map(String)));
      const byScreen = Math.max(...names.map((name) => Number(each[`${name} screen`])));
      expect(byScreen).toBe(each.family === 'video player' ? 3 : 0);
    }
    expect([...column('wrong screen'), ...column('wrong inner')].every((n) => n === 0)).toBe(true);
    const atMost = Number(((100 * upperBound(0)) / wrongPairs).toPrecision(1));
    const sums = (end: RegExp) =>
      ['pairs', 'screen match', 'screen review', 'inner match', 'inner review'].map((name) =>
        sameApp
          .filter((pairs) => end.test(pairs['pairs of'] as string))
          .reduce((sum, pairs) => sum + Number(pairs[name]), 0),
      );
    const [pairs, matches, reviews] = sums(/./);
    const layouts = sealed.hardNegatives.find(
      ({ kind }) => kind === 'one screen layout, another photo',
    )!;
    const framed = 61;
    const wrongly = ordinary.asked - framed;
    expect(matches).toBe(0);
    says(docs('evidence-copies'), [
      `| a list of screenshots, and ${ordinary.asked} of ${count(ordinary.pictures)} pictures asked about |`,
    ]);
    says(page, [
      'the shares are at most 3 % for a video player, and 0 for the others',
      `Of ${count(wrongPairs)} pairs of a screen and another photo, each with its five uploads, none matched: at most ${atMost} % (95 %)`,
      row(['no photo in common', ...sums(/none in common/).map(count)]),
      row(['one of the other photos shared', ...sums(/a filler in common/).map(count)]),
      `matched none of the ${count(pairs!)}, and ${reviews} were for review`,
      `Of the ${layouts.cases} screens of one app [in that run](false-matches.md#where-matches-were-wrong), ${layouts.matches} matched.`,
      `All ${photos} photos of the \`sealed\` list`,
      `${ordinary.asked} of ${count(ordinary.pictures)}, or ${percent(ordinary.asked / ordinary.pictures, 1)} %`,
      `By eye, ${framed} have a drawn frame, bars or cells. The other ${wrongly} (${percent(wrongly / ordinary.pictures, 2)} %)`,
    ]);
  });
});
