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
  exitExpired: 'Le délai pour quitter avec Maj est écoulé.',
  exitLoading: 'Chargement.',

  back: 'Retour',
  next: 'Suivant',
  newTab: "s'ouvre dans un nouvel onglet",

  welcomeTitle: "Ce n'est pas votre faute.",
  welcomeBody:
    "Si quelqu'un a partagé, ou dit qu'il va partager, une image intime de vous\u00a0: vous n'avez rien fait de mal. Cette page peut transformer vos images en nombres, ici, sur votre appareil, et mettre ces nombres dans un fichier. De tels nombres permettent de retrouver des copies d'une image.",
  welcomeStop:
    "Vous pouvez arrêter à tout moment. Pas de compte. Pas d'e-mail. Pas de compte à rebours.",
  welcomeStart: 'Commencer',
  welcomeWithdraw: 'Retirer un fichier',
  demo: "Cette page est une démonstration de la bibliothèque onlyhashes. Elle n'enregistre vos images nulle part.",
  insecure:
    "Cette page a été ouverte par http, sans protection. Elle ne peut pas créer votre fichier ici, et quelqu'un a pu la modifier en chemin. Ouvrez-la à une adresse qui commence par https, ou comme fichier sur votre appareil.",

  helpTitle: "Parler à quelqu'un",
  helpBody:
    "Vous n'avez pas à affronter cela sans aide. Ces personnes vous écoutent et ne vous jugent pas.",
  helpDanger: "Si vous êtes en danger maintenant, appelez le numéro d'urgence de votre pays.",
  helpStop: "Pour les adultes, dans tous les pays. On y trouve aussi une liste de lignes d'aide.",
  helpChild: "Si une personne sur l'image avait moins de 18 ans au moment de la prise de vue.",
  helpUk: 'Royaume-Uni, pour les adultes',
  helpUs: 'États-Unis',
  takersTitle: 'Qui accepte le fichier\u00a0?',
  takersNone:
    "Aujourd'hui, aucun service n'accepte le fichier que fait cette page, sauf si la personne qui vous aide ou une plateforme vous a dit le contraire.",
  takersInstead:
    "Ces deux outils ne l'acceptent pas. Ils calculent leurs propres nombres à partir de votre image, sur votre appareil, et les transmettent aux services qui participent\u00a0:",

  ageTitle: "Une personne sur l'image avait-elle moins de 18 ans\u00a0?",
  ageBody: "Il s'agit de l'âge au moment où l'image a été prise.",
  ageChild: "Oui, ou j'ai un doute",
  ageAdult: 'Non, tout le monde avait 18 ans ou plus',
  childTitle: 'Il existe un meilleur endroit pour cela',
  childBody:
    "Take It Down est fait pour les images de personnes de moins de 18 ans. C'est gratuit et vous n'avez pas à donner votre nom.",
  childGo: 'Aller sur Take It Down',
  childUkTitle: 'Au Royaume-Uni',
  childReport: "Cet outil signale une image, pour qu'elle puisse être retirée.",
  childLine: 'Vous pouvez y parler à une personne qui vous écoute.',
  childSend: "N'envoyez l'image à personne d'autre, même pour demander de l'aide.",

  truthTitle: "Ce qu'il faut savoir",
  truthStays: 'Votre image reste sur cet appareil.',
  truthNumbers:
    "Seuls des nombres calculés à partir d'elle pourraient en sortir, et seulement si vous les envoyez vous-même.",
  truthServices:
    "Aucun service n'accepte le fichier que fait cette page, sauf si la personne qui vous aide ou une plateforme vous a dit le contraire.",
  truthEdited: 'Des copies modifiées peuvent passer inaperçues.',
  truthDownload:
    "Ne téléchargez pas l'image de nouveau juste pour cela. Utilisez-en une que vous avez déjà.",
  truthEvidence:
    "Gardez des preuves avant toute suppression\u00a0: faites des captures d'écran des messages, des noms et des adresses web.",
  truthPay: 'Ne payez pas une personne qui vous menace. Souvent, elle en demande encore plus.',
  truthOutline:
    'Les nombres ne sont pas une image. Mais ils en révèlent un contour flou. Vous pouvez le voir ici.',

  checkTitle: 'Vérifiez vous-même',
  checkAirplane:
    'Activez maintenant le mode avion. Cette page continue de fonctionner. À la fin, vous pouvez la fermer avant de désactiver le mode avion.',
  checkOnline: 'Votre navigateur dit\u00a0: cet appareil est en ligne.',
  checkOffline: 'Votre navigateur dit\u00a0: cet appareil est hors ligne.',
  checkWorker:
    "Le code qui transforme vos images en nombres s'exécute dans une partie fermée de la page, un Worker. Les règles de ce fichier empêchent cette partie d'atteindre quoi que ce soit. Des tests le vérifient dans Chromium, Firefox et WebKitGTK. Safari n'est pas testé.",
  checkFrame:
    "Toute cette page, sauf le bouton pour quitter, tourne dans un cadre fermé. Ce cadre n'a pas de cookies ni aucun autre stockage du navigateur, même si la page a été ouverte depuis un fichier, et il ne peut pas mener cet onglet vers une autre page.",
  checkGaps:
    'Ces règles ne ferment pas tout. Le reste du code de cette page pourrait encore\u00a0:',
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
  chooseShapes: 'Calculer aussi des nombres pour les copies rognées à une autre forme',
  chooseShapesBody:
    "Les applications rognent souvent une image en carré ou à une autre forme. Avec jusqu'à 4 nombres de plus par image, davantage de ces copies peuvent être trouvées. Ils en révèlent plus\u00a0: la forme de l'image, des parties plus nettes de son contour flou, et quels nombres vont ensemble. Cela vaut pour les images choisies après avoir coché.",
  chooseButton: 'Choisir des images',
  chooseDrop: 'Vous pouvez aussi déposer des images sur cette page, ou les coller.',
  dropNotHere:
    "Le fichier n'a été ni ouvert ni ajouté. Vous pouvez ajouter des images sur l'écran «\u00a0{screen}\u00a0».",

  workingTitle: 'Travail en cours sur votre appareil',
  workingBody: {
    one: '{n} image sur {total} est prête.',
    many: "{n} d'images sur {total} sont prêtes.",
    other: '{n} images sur {total} sont prêtes.',
  },
  workingFailed: {
    one: "{n} n'a pas pu être lue.",
    many: "{n} n'ont pas pu être lues.",
    other: "{n} n'ont pas pu être lues.",
  },
  workingStop: 'Arrêter',
  stoppedStatus: "Arrêté. Les images qui n'étaient pas encore prêtes ont été laissées de côté.",
  doneStatus: {
    one: 'Terminé. {n} image a ses nombres.',
    many: "Terminé. {n} d'images ont leurs nombres.",
    other: 'Terminé. {n} images ont leurs nombres.',
  },

  picturesTitle: { one: '{n} image', many: "{n} d'images", other: '{n} images' },
  picturesNone:
    "Aucune image n'a pu être transformée en nombres. Sous chacune, vous lirez ce que vous pouvez faire.",
  picturesBody:
    "Voici ce qu'un service pourrait trouver avec les nombres. Retirez ce que vous ne voulez pas inclure.",
  picture: 'Image {n}',
  pictureSize: '{width} × {height} pixels',
  pictureRemove: 'Retirer',
  pictureRemoved: "L'image {n} a été retirée.",
  pictureAdd: "Ajouter d'autres images",
  pictureNumbers: 'Ses nombres',
  strong: 'Bien\u00a0: elle a assez de détails.',
  weak: "Faible\u00a0: il se peut que des services n'utilisent pas ces nombres.",
  weakTiny:
    'Elle est très petite. Si vous en avez déjà une plus grande sur cet appareil, choisissez celle-là.',
  weakFlat:
    "Elle a peu de détails\u00a0: ses nombres pourraient aussi correspondre à d'autres images. Si vous en avez déjà une plus nette sur cet appareil, choisissez celle-là.",
  weakHelp:
    "Vous pouvez quand même l'inclure. Une ligne d'aide peut vous indiquer d'autres moyens.",

  copiesTitle: 'Quelles copies seraient trouvées\u00a0?',
  copiesMeasure: 'Essayer des copies de cette image',
  copiesWorking: 'Des copies sont faites et essayées sur votre appareil.',
  copiesBody:
    'Nous avons fait des copies modifiées de votre image sur cet appareil et comparé leurs nombres. Certains services comparent plus finement que cet essai et en trouvent plus.',
  copiesFound: 'Seraient trouvées\u00a0:',
  copiesReview: 'Seraient peut-être trouvées, si une personne vérifie\u00a0:',
  copiesMissed: 'Passeraient inaperçues\u00a0:',
  copiesUnmeasured: "Cela n'a pas pu être essayé dans ce navigateur. Un autre le pourra peut-être.",
  copyJpeg30: 'une copie de mauvaise qualité (JPEG 30)',
  copyHalf: 'une copie réduite de moitié',
  copyCaption: 'une copie avec du texte par-dessus',
  copyMirror: 'une copie inversée, comme dans un miroir',
  copySquare: 'une copie rognée en carré',
  copyCrop5: 'une copie rognée de 5\u00a0% de chaque côté',
  copyCrop10: 'une copie rognée de 10\u00a0% de chaque côté',
  copyCrop20: 'une copie rognée de 20\u00a0% de chaque côté',

  outlineTitle: 'Que révèlent les nombres\u00a0?',
  outlineBody:
    "Ceci est dessiné avec les nombres seuls. Une personne qui les a, sans l'image, pourrait le dessiner aussi.",
  outlineAlt: "Un contour flou, dessiné avec les nombres de l'image {n}",
  outlineShape: 'La partie rognée à {shape}',
  outlineShapeAlt: "Un contour flou, dessiné avec le nombre de l'image {n} pour la forme {shape}",
  blurTitle: 'Quelle image est-ce\u00a0?',
  blurShow: 'La montrer, très floue',
  blurHide: 'La cacher',
  blurNot: 'Elle ne peut pas être montrée dans ce navigateur.',
  blurAlt: "Une vue très floue de l'image {n}",

  errorEmpty: 'Le fichier est vide. Choisissez une autre copie.',
  errorUnreadable:
    "Le fichier n'a pas pu être ouvert. Vérifiez qu'il est toujours là et choisissez-le de nouveau.",
  errorUnsupported:
    'Ce type de fichier ne peut pas être lu ici. Enregistrez une copie en JPEG ou PNG avec votre application de photos, et choisissez la copie. Les vidéos ne peuvent pas être lues ici.',
  errorVideo: "C'est une vidéo.",
  errorHeic:
    "C'est une photo HEIC. Beaucoup de téléphones en font, mais ce navigateur ne peut pas la lire. Dans votre application de photos, enregistrez ou exportez une copie en JPEG, et choisissez la copie.",
  errorCorrupt: "Le fichier est endommagé ou n'est pas une image. Choisissez une autre copie.",
  errorTooLarge:
    "Le fichier est trop grand pour cette page. Enregistrez une copie plus petite avec votre application de photos, et choisissez la copie. Ou demandez conseil à une ligne d'aide.",
  errorTimeout: 'Cela a pris trop de temps. Choisissez-la de nouveau, seule.',
  errorPoisoned:
    "Pour vous protéger, votre navigateur modifie les images qu'une page lit. Les nombres seraient donc faux. Enregistrez une copie en JPEG ou PNG, ou utilisez un autre navigateur.",
  errorOther: "Elle n'a pas pu être lue. Choisissez-la de nouveau ou utilisez un autre navigateur.",

  bundleTitle: 'Avant de créer le fichier',
  bundleBody:
    'Le fichier contiendra les nombres de vos images, comment ils ont été calculés et leur qualité, le jour, un numéro de dossier tiré au hasard et une marque à laquelle seul votre code correspond. Il ne contiendra aucun nom, aucun lieu, aucun nom de fichier et aucune image.',
  bundleShapes:
    "Vous avez choisi plus de nombres, pour les copies rognées à une autre forme. Ils seront aussi dans le fichier. Ils montrent la forme d'une image, des parties plus nettes de son contour flou, et quels nombres vont ensemble.",
  bundleCode: 'Vous recevrez aussi un code. Avec lui, vous pourrez retirer le fichier plus tard.',
  bundleWarn: "Nous ne pouvons pas retrouver ce code. Personne d'autre que vous ne l'aura.",
  bundleMake: 'Créer le fichier',
  bundleKept:
    'Votre fichier est déjà créé et vos images sont les mêmes. Son code reste donc le même.',
  bundleChanged:
    "Vos images ne sont plus les mêmes. Un nouveau fichier reçoit un nouveau code. Le code que vous avez ne correspond qu'au fichier créé avant.",
  bundleFailed:
    "Le fichier n'a pas pu être créé. Revenez en arrière et réessayez, ou utilisez un autre navigateur.",
  previewTitle: 'Votre fichier',
  previewBody:
    "C'est tout. Ce que vous enregistrez est exactement ce texte. Les points à la fin le remplissent, pour que sa taille ne dise pas combien d'images il concerne.",
  previewLabel: 'Le fichier entier',
  codeTitle: 'Votre code',
  codeBody:
    "Notez-le maintenant sur papier. Gardez-le là où personne d'autre ne le trouvera. Nous ne pouvons pas le retrouver.",
  codeCopy: 'Copier le code',
  codeCopied: 'Le code a été copié.',
  codeNotCopied: "Le code n'a pas pu être copié. Notez-le sur papier, s'il vous plaît.",
  save: 'Enregistrer le fichier',
  saveBody:
    "Si d'autres personnes utilisent cet appareil, elles peuvent voir le fichier enregistré.",
  saved:
    "Votre navigateur a reçu la demande d'enregistrer le fichier. Cherchez {file} dans vos téléchargements.",

  doneTitle: "C'est fait. Et maintenant\u00a0?",
  doneBody:
    "Rien n'a été envoyé. Si la personne qui vous aide ou une plateforme a demandé le fichier, donnez-le-lui. Si personne ne l'a demandé, vous pouvez l'effacer.",
  doneClear: 'Tout effacer',
  doneUnsaved:
    "Vous n'avez pas enregistré le fichier. Revenez en arrière si vous voulez le garder.",
  clearTitle: "Le fichier n'est pas enregistré",
  clearBody:
    'Si vous effacez tout maintenant, le fichier est perdu. Personne ne peut le retrouver.',
  clearBack: 'Revenir au fichier',
  cleared:
    "Tout ce qui était sur cette page a été effacé. Un fichier que vous avez enregistré est toujours là où vous l'avez enregistré.",

  withdrawTitle: 'Retirer un fichier',
  withdrawBody:
    'Choisissez le fichier que vous avez enregistré et tapez votre code. Vous recevez un fichier de retrait. Donnez-le à la personne qui a votre fichier.',
  withdrawFile: 'Le fichier enregistré',
  withdrawCode: 'Votre code',
  withdrawMake: 'Créer le fichier de retrait',
  withdrawBadFile: "Ce fichier n'a pas été créé par cette page. Choisissez-en un autre.",
  withdrawRead: 'Le fichier a été lu. Tapez maintenant votre code.',
  withdrawNoFile: "Aucun fichier n'est choisi. Choisissez le fichier enregistré.",
  withdrawBadCode: "Ce n'est pas le code de ce fichier. Vérifiez chaque lettre.",
  withdrawReady: "C'est prêt. Voici tout\u00a0:",
  withdrawSave: 'Enregistrer le fichier de retrait',
};
