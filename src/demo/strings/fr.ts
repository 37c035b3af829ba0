import type { Strings } from './en.js';

/** The page in French. Translated by a machine; no speaker has checked it. */
export const fr: Strings = {
  name: 'Français',
  title: 'Outil pour images',
  machine:
    "Ce texte a été traduit par une machine. Si quelque chose n'est pas clair, lisez-le en anglais.",
  language: 'Langue',

  exit: 'Quitter cette page',
  exitHint: 'Ou appuyez 3 fois sur Maj.',
  exitHistory: "Quitter n'efface pas l'historique de votre navigateur.",
  exitTwoMore: 'Maj. Appuyez encore 2 fois pour quitter.',
  exitOneMore: 'Maj. Appuyez encore 1 fois pour quitter.',
  exitExpired: 'Le délai pour quitter avec Maj est passé.',
  exitLoading: 'Chargement.',

  back: 'Retour',
  next: 'Suite',
  newTab: "s'ouvre dans un nouvel onglet",

  welcomeTitle: "Ce n'est pas votre faute.",
  welcomeBody:
    "Si quelqu'un a partagé, ou dit qu'il va partager, une image intime de vous : vous n'avez rien fait de mal. Cette page peut changer vos images en nombres, ici, sur votre appareil. Avec ces nombres, des services peuvent trouver des copies.",
  welcomeStop:
    "Vous pouvez arrêter à tout moment. Pas de compte. Pas d'e-mail. Pas de compte à rebours.",
  welcomeStart: 'Commencer',
  welcomeWithdraw: 'Retirer un fichier',
  demo: "Cette page est une démonstration de la bibliothèque onlyhashes. Elle n'enregistre vos images nulle part. Pour les enregistrer, utilisez StopNCII.org.",

  helpTitle: "Parler à quelqu'un",
  helpBody:
    "Vous n'avez pas à faire cela dans la solitude. Ces personnes écoutent et ne jugent pas.",
  helpDanger: "Si vous êtes en danger maintenant, appelez le numéro d'urgence là où vous vivez.",
  helpStop:
    "Pour les adultes, dans tous les pays. Le site peut transmettre vos nombres à des services et donne une liste de lignes d'aide.",
  helpChild: "Si une personne sur l'image avait moins de 18 ans quand elle a été faite.",
  helpUk: 'Royaume-Uni : 0345\u00a06000\u00a0459',
  helpUs: 'États-Unis : 1-844-878-2274',

  ageTitle: "Quel âge ont les personnes sur l'image ?",
  ageBody:
    "Il s'agit de l'âge au moment où l'image a été faite. En cas de doute, choisissez la deuxième réponse.",
  ageAdult: 'Toutes avaient 18 ans ou plus',
  ageChild: "Quelqu'un avait, ou avait peut-être, moins de 18 ans",
  childTitle: 'Il y a un meilleur endroit pour cela',
  childBody:
    "Take It Down est fait pour les images de personnes de moins de 18 ans. C'est gratuit et vous n'avez pas à donner votre nom. N'envoyez l'image à personne, même pour demander de l'aide.",
  childGo: 'Aller à Take It Down',

  truthTitle: 'Ce qui est vrai ici',
  truthStays: 'Votre image reste sur cet appareil.',
  truthNumbers: 'Seuls des nombres sur elle en sortiraient, et seulement si vous les envoyez.',
  truthServices: 'Les nombres ne servent que dans les services qui participent.',
  truthEdited: 'Des copies modifiées peuvent passer.',
  truthDownload:
    "Ne téléchargez pas l'image de nouveau juste pour cela. Prenez-en une que vous avez déjà.",
  truthEvidence:
    "Gardez d'abord des preuves : des captures d'écran des messages, des noms et des adresses web.",
  truthPay: 'Ne payez pas une personne qui vous menace. Souvent, elle demande encore plus.',
  truthOutline:
    'Les nombres ne sont pas une image. Mais ils en révèlent un contour flou. Vous pouvez le voir ici.',

  checkTitle: 'Vérifiez vous-même',
  checkAirplane:
    "Activez maintenant le mode avion. Cette page continue de marcher. À la fin, vous pouvez la fermer avant d'arrêter le mode avion.",
  checkOnline: 'Votre navigateur dit : cet appareil est en ligne.',
  checkOffline: 'Votre navigateur dit : cet appareil est hors ligne.',
  checkWorker:
    "Le code qui change vos images en nombres tourne dans une partie fermée de la page, un Worker. Les règles de ce fichier ne laissent cette partie rien atteindre. Des tests l'essaient dans Chromium, Firefox et WebKitGTK. Safari n'est pas testé.",
  checkFrame:
    "Toute cette page, sauf le bouton pour quitter, tourne dans un cadre fermé. Ce cadre n'a pas de cookies ni aucun autre stockage du navigateur, même si la page a été ouverte depuis un fichier, et il ne peut pas mener cet onglet vers une autre page.",
  checkGaps: 'Ces règles ne ferment pas tout. Le reste du code de cette page pourrait encore :',
  gapWebrtc: 'utiliser WebRTC, qui est fait pour les appels',
  gapNames: "chercher le nom d'un site web",
  gapConnection: "commencer une connexion à l'avance",
  gapWindow: 'ouvrir une autre fenêtre',
  checkMore:
    "Des parties d'une image pourraient aussi être cachées dans un nombre. Cette page ne fait rien de cela d'elle-même, et chacun peut lire son code.",
  checkStorage:
    "Cette page n'a pas de cookies et ne garde rien. Quand vous la fermez, tout disparaît.",

  chooseTitle: 'Choisissez vos images',
  chooseBody:
    'Vous pouvez en choisir une ou plusieurs. Elles ne sont pas montrées ici, et leurs noms de fichier ne sont pas utilisés.',
  chooseVideo: 'Cette page ne lit que des images. Pour des vidéos, utilisez StopNCII.org.',
  chooseButton: 'Choisir des images',

  workingTitle: 'Travail en cours sur votre appareil',
  workingBody: {
    one: '{done} image sur {n} est prête.',
    many: "{done} sur {n} d'images sont prêtes.",
    other: '{done} images sur {n} sont prêtes.',
  },
  workingFailed: {
    one: "{n} n'a pas pu être lue.",
    many: "{n} n'ont pas pu être lues.",
    other: "{n} n'ont pas pu être lues.",
  },
  workingStop: 'Arrêter',
  stoppedStatus: "Arrêté. Les images qui n'étaient pas prêtes ont été laissées.",
  doneStatus: {
    one: 'Terminé. {n} image a ses nombres.',
    many: "Terminé. {n} d'images ont leurs nombres.",
    other: 'Terminé. {n} images ont leurs nombres.',
  },

  picturesTitle: { one: '{n} image', many: "{n} d'images", other: '{n} images' },
  picturesNone:
    "Aucune image n'a pu être changée en nombres. Chacune, ci-dessous, dit ce que vous pouvez faire.",
  picturesBody:
    "Voici ce qu'un service pourrait trouver avec les nombres. Retirez ce que vous ne voulez pas inclure.",
  picture: 'Image {n}',
  pictureSize: '{width} × {height} pixels',
  pictureRemove: 'Retirer',
  pictureRemoved: "L'image {n} a été retirée.",
  pictureAdd: "Ajouter d'autres images",
  pictureNumbers: 'Ses nombres',
  strong: 'Bien : elle a assez de détails.',
  weak: 'Faible : des services pourraient ne pas utiliser ces nombres.',
  weakTiny:
    'Elle est très petite. Si vous en avez déjà une plus grande sur cet appareil, choisissez celle-là.',
  weakFlat:
    "Elle a peu de détails : ses nombres pourraient aussi correspondre à d'autres images. Si vous en avez déjà une plus nette sur cet appareil, choisissez celle-là.",
  weakHelp: "Vous pouvez quand même l'inclure. Une ligne d'aide peut vous parler d'autres moyens.",

  copiesTitle: 'Quelles copies seraient trouvées ?',
  copiesMeasure: 'Essayer des copies de cette image',
  copiesWorking: 'Des copies sont faites et essayées sur votre appareil.',
  copiesBody:
    'Nous avons fait des copies modifiées de votre image sur cet appareil et comparé leurs nombres. Certains services comparent mieux que cet essai et en trouvent plus.',
  copiesFound: 'Seraient trouvées :',
  copiesReview: 'Seraient peut-être trouvées, si une personne regarde :',
  copiesMissed: 'Passeraient :',
  copiesUnmeasured: "Cela n'a pas pu être essayé dans ce navigateur. Un autre le pourra peut-être.",
  copyJpeg30: 'une copie de mauvaise qualité (JPEG 30)',
  copyHalf: 'une copie de moitié moins grande',
  copyCaption: 'une copie avec des mots dessus',
  copyMirror: 'une copie en miroir',
  copyCrop5: 'une copie coupée de 5 % de chaque côté',
  copyCrop10: 'une copie coupée de 10 % de chaque côté',
  copyCrop20: 'une copie coupée de 20 % de chaque côté',

  outlineTitle: 'Que révèlent les nombres ?',
  outlineBody:
    "Ceci est dessiné avec les nombres seuls. Une personne qui les a, sans l'image, pourrait le dessiner aussi.",
  outlineAlt: "Un contour flou, dessiné avec les nombres de l'image {n}",
  blurTitle: 'Quelle image est-ce ?',
  blurShow: 'La montrer, très floue',
  blurHide: 'La cacher',
  blurNot: 'Elle ne peut pas être montrée dans ce navigateur.',
  blurAlt: "Une vue très floue de l'image {n}",

  errorEmpty: 'Le fichier est vide. Choisissez une autre copie.',
  errorUnreadable:
    "Le fichier n'a pas pu être ouvert. Vérifiez qu'il est encore là et choisissez-le de nouveau.",
  errorUnsupported:
    'Ce genre de fichier ne peut pas être lu ici. Enregistrez une copie en JPEG ou PNG avec votre application de photos, et choisissez la copie. Les vidéos ne peuvent pas être lues ici.',
  errorVideo: "C'est une vidéo.",
  errorHeic:
    "C'est une photo HEIC. Beaucoup de téléphones en font, mais ce navigateur ne peut pas les lire. Dans votre application de photos, enregistrez ou exportez une copie en JPEG, et choisissez la copie.",
  errorCorrupt: "Le fichier est abîmé ou n'est pas une image. Choisissez une autre copie.",
  errorTooLarge:
    "Le fichier est trop grand pour cette page. Enregistrez une copie plus petite avec votre application de photos, et choisissez la copie. Ou demandez à une ligne d'aide.",
  errorTimeout: "C'était trop long. Choisissez-la de nouveau, seule.",
  errorPoisoned:
    "Votre navigateur change les images qu'une page lit, pour vous protéger. Ses nombres seraient donc faux. Enregistrez une copie en JPEG ou PNG, ou prenez un autre navigateur.",
  errorOther: "Elle n'a pas pu être lue. Choisissez-la de nouveau ou prenez un autre navigateur.",

  bundleTitle: 'Avant de faire le fichier',
  bundleBody:
    'Le fichier contiendra les nombres de vos images, comment ils ont été faits et leur qualité, le jour, un numéro de dossier au hasard et une marque à laquelle seul votre code correspond. Il ne contiendra aucun nom, aucun lieu, aucun nom de fichier et aucune image.',
  bundleCode: 'Vous recevrez aussi un code. Avec lui, vous pourrez retirer le fichier plus tard.',
  bundleWarn: 'Nous ne pouvons pas retrouver ce code. Vous seul(e) l’aurez.',
  bundleMake: 'Faire le fichier',
  previewTitle: 'Votre fichier',
  previewBody:
    "C'est tout. Ce que vous enregistrez est exactement ce texte. Les points à la fin le remplissent, pour que sa taille ne dise pas combien d'images il concerne.",
  previewLabel: 'Le fichier entier',
  codeTitle: 'Votre code',
  codeBody:
    'Écrivez-le maintenant sur papier. Gardez-le là où vous seul(e) le trouverez. Nous ne pouvons pas le retrouver.',
  codeCopy: 'Copier le code',
  codeCopied: 'Le code a été copié.',
  codeNotCopied: "Il n'a pas pu être copié. Écrivez-le, s'il vous plaît.",
  save: 'Enregistrer le fichier',
  saveBody:
    "Si d'autres personnes utilisent cet appareil, elles peuvent voir le fichier enregistré.",
  saved: "Votre navigateur a reçu la demande d'enregistrer le fichier.",

  doneTitle: "C'est fait.",
  doneBody:
    "Rien n'a été envoyé. Le fichier est à vous : donnez-le à qui vous faites confiance, ou effacez-le.",
  doneRegister: 'Pour enregistrer vos images auprès de services, allez sur StopNCII.org.',
  doneClear: 'Tout effacer',
  cleared: 'Tout ce qui était sur cette page a été effacé.',

  withdrawTitle: 'Retirer un fichier',
  withdrawBody:
    'Choisissez le fichier que vous avez enregistré et tapez votre code. Vous recevez un second fichier. Donnez-le à qui a le premier.',
  withdrawFile: 'Le fichier enregistré',
  withdrawCode: 'Votre code',
  withdrawMake: 'Faire le second fichier',
  withdrawBadFile: "Ce fichier n'a pas été fait par cette page. Choisissez-en un autre.",
  withdrawRead: 'Le fichier a été lu. Tapez maintenant votre code.',
  withdrawNoFile: "Choisissez d'abord le fichier.",
  withdrawBadCode: "Ce n'est pas le code de ce fichier. Vérifiez chaque lettre.",
  withdrawReady: "C'est prêt. Voici tout :",
  withdrawSave: 'Enregistrer le second fichier',
};
