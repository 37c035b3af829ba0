/** All texts of the page, in English. A text with a number has a form for each plural category. */
export const en = {
  name: 'English',
  title: 'Picture tool',
  machine: '',
  language: 'Language',

  exit: 'Exit this page',
  exitHint: 'Or press Shift 3 times.',
  exitHistory: 'Leaving does not erase your browser history.',
  exitTwoMore: 'Shift. Press 2 more times to leave.',
  exitOneMore: 'Shift. Press 1 more time to leave.',
  exitExpired: 'Leaving by Shift has timed out.',
  exitLoading: 'Loading.',

  back: 'Back',
  next: 'Next',
  newTab: 'opens in a new tab',

  welcomeTitle: 'This is not your fault.',
  welcomeBody:
    'If someone shared, or says they will share, a private picture of you: you have done nothing wrong. This page can turn your pictures into numbers, here on your device, and put the numbers into a file. With such numbers, copies of a picture can be found.',
  welcomeStop: 'You can stop at any time. No account. No email. No countdown.',
  welcomeStart: 'Start',
  welcomeWithdraw: 'Take a file back',
  demo: 'This page is a demonstration of the onlyhashes library. It does not register your pictures anywhere.',
  insecure:
    'This page was opened over http, without protection. It cannot make your file here, and someone on the way may have changed it. Open it from an address that begins with https, or as a file on your device.',

  helpTitle: 'Talk to someone',
  helpBody: 'You do not have to do this alone. These people listen, and do not judge.',
  helpDanger: 'If you are in danger now, call the emergency number where you live.',
  helpStop: 'For adults, in any country. It also lists helplines.',
  helpChild: 'If anyone in the picture was under 18 when it was taken.',
  helpUk: 'United Kingdom, for adults',
  helpUs: 'United States',
  takersTitle: 'Who takes the file?',
  takersNone:
    'Today no service takes the file that this page makes, unless your helper or a platform has told you that they do.',
  takersInstead:
    'These two do not take it. They make their own numbers from your picture, on your device, and give them to the services that take part:',

  ageTitle: 'Was anyone in the picture under 18?',
  ageBody: 'This means when the picture was taken.',
  ageChild: 'Yes, or I am not sure',
  ageAdult: 'No, everyone was 18 or older',
  childTitle: 'There is a better place for this',
  childBody:
    'Take It Down is made for pictures of people under 18. It is free, and you do not have to give your name.',
  childGo: 'Go to Take It Down',
  childUkTitle: 'In the United Kingdom',
  childReport: 'It reports a picture, so that it can be taken down.',
  childLine: 'You can talk to a counsellor there.',
  childSend: 'Please do not send the picture to anyone else, not even to get help.',

  truthTitle: 'What is true here',
  truthStays: 'Your picture stays on this device.',
  truthNumbers: 'Only numbers about it would leave, and only if you send them yourself.',
  truthServices:
    'No service takes the file that this page makes, unless your helper or a platform has told you that they do.',
  truthEdited: 'Copies that were changed may get through.',
  truthDownload:
    'Do not download the picture again just to do this. Use one that you already have.',
  truthEvidence:
    'Keep proof before anything is deleted: take screenshots of messages, names and web addresses.',
  truthPay: 'Do not pay anyone who threatens you. They often ask for more.',
  truthOutline:
    'The numbers are not a picture. But they give away a blurred outline of it. You can look at it here.',

  checkTitle: 'Check it yourself',
  checkAirplane:
    'Turn on airplane mode now. This page keeps working. When you are done, you can close it before you turn airplane mode off.',
  checkOnline: 'Your browser says: this device is online.',
  checkOffline: 'Your browser says: this device is offline.',
  checkWorker:
    'The code that turns your pictures into numbers runs in a closed part of the page, a Worker. The rules in this file let that part reach nothing. Tests try this in Chromium, Firefox and WebKitGTK. Safari is not tested.',
  checkFrame:
    'All of this page but the exit button runs in a closed frame. The frame gets no cookies and no other storage of the browser, even when the page was opened from a file, and it cannot lead this tab to another page.',
  checkGaps: 'These rules do not close everything. The other code of this page could still:',
  gapWebrtc: 'use WebRTC, which is made for calls',
  gapNames: 'look up the name of a website',
  gapConnection: 'begin a connection ahead of time',
  gapWindow: 'open another window',
  checkMore:
    'Parts of a picture could also be hidden in a number. This page does none of that by itself, and anyone can read its source code.',
  checkStorage: 'This page keeps no cookies and stores nothing. When you close it, it is gone.',

  chooseTitle: 'Choose your pictures',
  chooseBody:
    'You can choose one or many. They are not shown here, and their file names are not used.',
  chooseVideo: 'This page reads pictures only. For videos, use StopNCII.org.',
  chooseShapes: 'Also make numbers for copies cut to another shape',
  chooseShapesBody:
    'Apps often cut a picture to a square or another shape. With up to 4 more numbers for each picture, more of these copies can be found. They give away more: the shape of the picture, sharper parts of its blurred outline, and which numbers belong together. This is for pictures that you choose after you tick it.',
  chooseButton: 'Choose pictures',
  chooseDrop: 'You can also drop pictures on this page, or paste them.',
  dropNotHere:
    'The file was not opened and not added. You can add pictures on the screen “{screen}”.',

  workingTitle: 'Working on your device',
  workingBody: {
    one: '{n} picture out of {total} is done.',
    other: '{n} pictures out of {total} are done.',
  },
  workingFailed: { one: '1 could not be read.', other: '{n} could not be read.' },
  workingStop: 'Stop',
  stoppedStatus: 'Stopped. Pictures that were not done yet were left out.',
  doneStatus: {
    one: 'Done. 1 picture has its numbers.',
    other: 'Done. {n} pictures have their numbers.',
  },

  picturesTitle: { one: '1 picture', other: '{n} pictures' },
  picturesNone: 'No picture could be turned into numbers. Each one below says what you can do.',
  picturesBody:
    'Here is what a service could find with the numbers. Take out what you do not want to include.',
  picture: 'Picture {n}',
  pictureSize: '{width} × {height} pixels',
  pictureRemove: 'Take out',
  pictureRemoved: 'Picture {n} was taken out.',
  pictureAdd: 'Add more pictures',
  pictureNumbers: 'Its numbers',
  strong: 'Good: it has enough detail.',
  weak: 'Weak: services may not use these numbers.',
  weakTiny: 'It is very small. If you already have a larger one on this device, choose that one.',
  weakFlat:
    'It has little detail, so its numbers could fit other pictures too. If you already have a clearer one on this device, choose that one.',
  weakHelp: 'You can still include it. A helpline can tell you about other ways.',

  copiesTitle: 'Which copies would be found?',
  copiesMeasure: 'Test copies of this picture',
  copiesWorking: 'Making and testing copies on your device.',
  copiesBody:
    'We made changed copies of your picture on this device, and compared their numbers. Some services compare more cleverly than this test, and find more.',
  copiesFound: 'Would be found:',
  copiesReview: 'Might be found, if a person checks:',
  copiesMissed: 'Would get through:',
  copiesUnmeasured: 'This could not be tested in this browser. Another browser may be able to.',
  copyJpeg30: 'a copy of low quality (JPEG 30)',
  copyHalf: 'a copy of half the size',
  copyCaption: 'a copy with words across it',
  copyMirror: 'a mirrored copy',
  copySquare: 'a copy cut to a square',
  copyCrop5: 'a copy with 5% cut off each side',
  copyCrop10: 'a copy with 10% cut off each side',
  copyCrop20: 'a copy with 20% cut off each side',

  outlineTitle: 'What do the numbers give away?',
  outlineBody:
    'This is drawn from the numbers alone. Someone who has them, but not the picture, could draw it too.',
  outlineAlt: 'A blurred outline, drawn from the numbers of picture {n}',
  outlineShape: 'The part cut to {shape}',
  outlineShapeAlt: 'A blurred outline, drawn from the number of picture {n} for the shape {shape}',
  blurTitle: 'Which picture is this?',
  blurShow: 'Show it, very blurred',
  blurHide: 'Hide it',
  blurNot: 'It cannot be shown in this browser.',
  blurAlt: 'A very blurred view of picture {n}',

  errorEmpty: 'The file is empty. Choose another copy.',
  errorUnreadable:
    'The file could not be opened. Check that it is still there, and choose it again.',
  errorUnsupported:
    'This kind of file cannot be read here. Save a copy as JPEG or PNG with your photo app, and choose the copy. Videos cannot be read here.',
  errorVideo: 'This is a video.',
  errorHeic:
    'This is a HEIC photo. Many phones make them, but this browser cannot read them. In your photo app, save or export a copy as JPEG, and choose the copy.',
  errorCorrupt: 'The file is damaged or is not a picture. Choose another copy.',
  errorTooLarge:
    'The file is too large for this page. Save a smaller copy with your photo app, and choose the copy. Or ask a helpline.',
  errorTimeout: 'It took too long. Choose it again, alone.',
  errorPoisoned:
    'Your browser changes pictures that a page reads, to protect you. So the numbers would be wrong. Save a copy as JPEG or PNG, or use another browser.',
  errorOther: 'It could not be read. Choose it again, or use another browser.',

  bundleTitle: 'Before you make the file',
  bundleBody:
    'The file will hold the numbers of your pictures, how they were made and how good they are, the day, a random case number, and a mark that only your code fits. It will hold no name, no place, no file name and no picture.',
  bundleShapes:
    'You chose more numbers, for copies cut to another shape. They will be in the file too. They show the shape of a picture, sharper parts of its blurred outline, and which numbers belong together.',
  bundleCode: 'You will also get a code. With it you can take the file back later.',
  bundleWarn: 'We cannot recover this code. Nobody but you will have it.',
  bundleMake: 'Make the file',
  bundleKept:
    'Your file is already made, and your pictures are the same. So its code stays the same.',
  bundleChanged:
    'Your pictures are not the same as before. A new file gets a new code. The code that you have fits only the file that you made before.',
  bundleFailed: 'The file could not be made. Go back and try again, or use another browser.',
  previewTitle: 'Your file',
  previewBody:
    'This is all of it. What you save is exactly this text. The dots at its end fill it up, so that its size does not tell how many pictures it is about.',
  previewLabel: 'The whole file',
  codeTitle: 'Your code',
  codeBody: 'Write it down on paper now. Keep it where only you can find it. We cannot recover it.',
  codeCopy: 'Copy the code',
  codeCopied: 'The code was copied.',
  codeNotCopied: 'The code could not be copied. Please write it down on paper.',
  save: 'Save the file',
  saveBody: 'If others use this device, they may see the saved file.',
  saved: 'Your browser was asked to save the file. Look for {file} in your downloads.',

  doneTitle: 'You did it. What now?',
  doneBody:
    'Nothing has been sent. If your helper or a platform asked for the file, give it to them. If nobody asked for it, you can delete it.',
  doneClear: 'Clear everything',
  doneUnsaved: 'You have not saved the file. Go back if you want to keep it.',
  clearTitle: 'The file is not saved',
  clearBody: 'If you clear everything now, the file is gone. Nobody can bring it back.',
  clearBack: 'Back to the file',
  cleared:
    'Everything on this page was cleared. A file that you saved is still where you saved it.',

  withdrawTitle: 'Take a file back',
  withdrawBody:
    'Choose the file that you saved, and type your code. You get a file that takes it back. Give that to whoever has your file.',
  withdrawFile: 'The file you saved',
  withdrawCode: 'Your code',
  withdrawMake: 'Make the take-back file',
  withdrawBadFile: 'This is not a file that this page made. Choose another one.',
  withdrawRead: 'The file was read. Now type your code.',
  withdrawNoFile: 'No file is chosen yet. Choose the file that you saved.',
  withdrawBadCode: 'This is not the code for that file. Check each letter.',
  withdrawReady: 'It is ready. This is all of it:',
  withdrawSave: 'Save the take-back file',
};

/** A text with a number: a form for each plural category of the language. */
export type Plural = { readonly [category in Intl.LDMLPluralRule]?: string } & {
  readonly other: string;
};

/** The texts of a language, by the keys of the English ones. */
export type Strings = {
  readonly [key in keyof typeof en]: (typeof en)[key] extends string ? string : Plural;
};
