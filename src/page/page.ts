import { postToShell, whenShiftAlone } from './frame-message.js';
import { guardFromFiles, takeDropped, whenNotTaken } from './parts/dropped.js';
import { h } from './parts/element.js';
import {
  LANGUAGES,
  type Language,
  language,
  languageFor,
  setLanguage,
  t,
} from './parts/language.js';
import { go, type ScreenName, whenGoing } from './parts/navigation.js';
import { onlineWords } from './parts/parts.js';
import { helplines } from './parts/places.js';
import { isUnsaved, session } from './parts/session.js';
import { showResult } from './parts/status.js';
import { whenShellSays } from './parts/taker.js';
import { ageScreen, childScreen } from './screens/age.js';
import { chooseScreen } from './screens/choose.js';
import { clearScreen } from './screens/clear.js';
import { codeScreen, previewScreen } from './screens/code.js';
import { doneScreen } from './screens/done.js';
import { picturesScreen } from './screens/pictures.js';
import { threatScreen } from './screens/threat.js';
import { welcomeScreen } from './screens/welcome.js';
import { wideScreen } from './screens/wide.js';
import { withdrawScreen } from './screens/withdraw.js';
import { workingScreen } from './screens/working.js';

const SCREENS: Record<ScreenName, () => HTMLElement> = {
  welcome: welcomeScreen,
  threat: threatScreen,
  age: ageScreen,
  child: childScreen,
  choose: chooseScreen,
  working: workingScreen,
  pictures: picturesScreen,
  wide: wideScreen,
  code: codeScreen,
  preview: previewScreen,
  done: doneScreen,
  clear: clearScreen,
  withdraw: withdrawScreen,
};

/** The step of a screen; the others are before or beside the way. */
const STEPS: Readonly<Partial<Record<ScreenName, number>>> = {
  ...{ age: 1, child: 1, choose: 2, working: 3, pictures: 3, wide: 4 },
  ...{ code: 5, preview: 5, done: 5, clear: 5 },
};

guardFromFiles();
const main = h('main', { id: 'main' });
const notes = h('div', { class: 'notes' });
const step = h('p', { class: 'step' });
let shown: ScreenName = 'welcome';

/**
 * Shows a screen from its top. Its heading gets the focus, so that a screen reader continues there.
 */
function show(name: ScreenName): void {
  shown = name;
  drawScreen();
  scrollTo(0, 0);
  focusHeading();
}

const focusHeading = () => main.querySelector('h1')?.focus({ preventScroll: true });

function drawScreen(): void {
  // A screen that takes files registers again.
  takeDropped(undefined);
  const screen = SCREENS[shown]();
  main.replaceChildren(screen, notes);
  const n = STEPS[shown];
  step.textContent = n === undefined ? '' : t('step', { n, total: 5 });
  reportUnsaved();
}

/** Keeps the shell informed, which has the browser ask before the page is left. */
function reportUnsaved(): void {
  postToShell({ unsaved: shown === 'working' || isUnsaved() });
}

/** Draws the surroundings of every screen. The exit is outside this frame: see shell.ts. */
function frame(): void {
  const choice = h(
    'select',
    { id: 'language', autocomplete: 'off', change: () => speak(choice.value as Language) },
    ...Object.entries(LANGUAGES).map(([tag, { name }]) =>
      h('option', { value: tag, lang: tag, selected: tag === language() }, name),
    ),
  );
  notes.replaceChildren(
    h('p', {}, t('exitHistory')),
    ...(t('machine') ? [h('p', { class: 'machine' }, t('machine'))] : []),
  );
  document.body.replaceChildren(
    h(
      'header',
      {},
      h(
        'span',
        { class: 'choice' },
        h('i', { class: 'globe' }),
        h('label', { for: 'language', class: 'unseen' }, t('language')),
        choice,
      ),
      step,
      // Keeps the place over which the shell lays its exit.
      h(
        'span',
        { class: 'top', 'aria-hidden': 'true' },
        h('span', { class: 'exit' }, t('exitShort')),
        h('span', { class: 'exit-hint' }, t('exitHint')),
      ),
    ),
    h(
      'div',
      { class: 'content' },
      main,
      h(
        'aside',
        { class: 'beside' },
        h('p', { class: 'strong' }, t('chooseStays')),
        helplines('beside'),
      ),
    ),
    h('p', { id: 'status', role: 'status', class: 'unseen' }),
  );
}

function begin(tag: Language): void {
  setLanguage(tag);
  frame();
  postToShell({ language: tag });
}

/** Switches the whole page to a language. */
function speak(tag: Language): void {
  begin(tag);
  drawScreen();
  document.getElementById('language')?.focus();
}

function sayWhetherOnline(): void {
  const place = document.getElementById('online');
  if (place) place.textContent = onlineWords();
}

begin(languageFor(navigator.languages));
drawScreen();
whenGoing(show);
whenNotTaken(() => showResult(t('dropNotHere', { screen: t('chooseTitle') }), 'failed', 'heading'));
whenShiftAlone(() => postToShell({ shift: true }));
whenShellSays((message) => {
  if ('received' in message) {
    const { made } = session;
    if (made?.bundle.case === message.received) made.isSent = true;
    reportUnsaved();
  } else if (message.closed === 'onward') go('done');
  else focusHeading();
});
// After the click's own effect, which may be that the file is saved.
addEventListener('click', reportUnsaved);
addEventListener('online', sayWhetherOnline);
addEventListener('offline', sayWhetherOnline);
