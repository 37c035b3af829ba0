import type { Strings } from './en.js';

/** The page in Spanish. Translated by a machine; no speaker has checked it. */
export const es: Strings = {
  name: 'Español',
  title: 'Herramienta de imágenes',
  machine: 'Este texto lo tradujo una máquina. Si algo no está claro, léelo en inglés.',
  language: 'Idioma',

  exit: 'Salir de esta página',
  exitHint: 'O pulsa Mayús 3 veces.',
  exitHistory: 'Salir no borra el historial de tu navegador.',
  exitTwoMore: 'Mayús. Pulsa 2 veces más para salir.',
  exitOneMore: 'Mayús. Pulsa 1 vez más para salir.',
  exitExpired: 'Se acabó el tiempo para salir con Mayús.',
  exitLoading: 'Cargando.',

  back: 'Atrás',
  next: 'Siguiente',
  newTab: 'se abre en otra pestaña',

  welcomeTitle: 'No es culpa tuya.',
  welcomeBody:
    'Si alguien compartió, o dice que compartirá, una imagen íntima tuya: no has hecho nada malo. Esta página puede convertir tus imágenes en números, aquí, en tu dispositivo. Con esos números, los servicios pueden encontrar copias.',
  welcomeStop: 'Puedes parar cuando quieras. Sin cuenta. Sin correo. Sin cuenta atrás.',
  welcomeStart: 'Empezar',
  welcomeWithdraw: 'Retirar un archivo',
  demo: 'Esta página es una demostración de la biblioteca onlyhashes. No registra tus imágenes en ningún sitio. Para registrarlas, usa StopNCII.org.',

  helpTitle: 'Habla con alguien',
  helpBody: 'No tienes que hacerlo a solas. Estas personas escuchan y no juzgan.',
  helpDanger: 'Si estás en peligro ahora, llama al número de emergencias de donde vives.',
  helpStop:
    'Para personas adultas, en cualquier país. Puede pasar tus números a los servicios y tiene una lista de líneas de ayuda.',
  helpChild: 'Si alguien en la imagen tenía menos de 18 años cuando se hizo.',
  helpUk: 'Reino Unido: 0345\u00a06000\u00a0459',
  helpUs: 'Estados Unidos: 1-844-878-2274',

  ageTitle: '¿Qué edad tienen las personas de la imagen?',
  ageBody:
    'Se trata de la edad cuando se hizo la imagen. Si no lo sabes seguro, elige la segunda respuesta.',
  ageAdult: 'Todas tenían 18 años o más',
  ageChild: 'Alguien tenía, o quizá tenía, menos de 18',
  childTitle: 'Hay un lugar mejor para esto',
  childBody:
    'Take It Down está hecho para imágenes de personas menores de 18 años. Es gratis y no hace falta dar tu nombre. No envíes la imagen a nadie, tampoco para pedir ayuda.',
  childGo: 'Ir a Take It Down',

  truthTitle: 'Lo que es verdad aquí',
  truthStays: 'Tu imagen se queda en este dispositivo.',
  truthNumbers: 'Solo saldrían números sobre ella, y solo si tú los envías.',
  truthServices: 'Los números solo sirven en los servicios que participan.',
  truthEdited: 'Las copias modificadas pueden pasar.',
  truthDownload: 'No vuelvas a descargar la imagen solo para esto. Usa una que ya tengas.',
  truthEvidence: 'Primero guarda pruebas: capturas de los mensajes, nombres y direcciones web.',
  truthPay: 'No pagues a quien te amenace. Suelen pedir más.',
  truthOutline:
    'Los números no son una imagen. Pero revelan un contorno borroso de ella. Aquí puedes verlo.',

  checkTitle: 'Compruébalo tú',
  checkAirplane:
    'Activa ahora el modo avión. Esta página sigue funcionando. Al terminar, puedes cerrarla antes de desactivar el modo avión.',
  checkOnline: 'Tu navegador dice: este dispositivo está conectado.',
  checkOffline: 'Tu navegador dice: este dispositivo no está conectado.',
  checkWorker:
    'El código que convierte tus imágenes en números funciona en una parte cerrada de la página, un Worker. Las reglas de este archivo no dejan que esa parte llegue a nada. Se prueba en Chromium, Firefox y WebKitGTK. Safari no se ha probado.',
  checkFrame:
    'Toda esta página, menos el botón de salir, funciona en un marco cerrado. El marco no tiene cookies ni ningún otro almacenamiento del navegador, tampoco si la página se abrió desde un archivo, y no puede llevar esta pestaña a otra página.',
  checkGaps: 'Estas reglas no lo cierran todo. El resto del código de esta página aún podría:',
  gapWebrtc: 'usar WebRTC, que está hecho para llamadas',
  gapNames: 'buscar el nombre de un sitio web',
  gapConnection: 'empezar una conexión por adelantado',
  gapWindow: 'abrir otra ventana',
  checkMore:
    'Partes de una imagen también podrían esconderse en un número. Esta página no hace nada de eso por su cuenta, y cualquiera puede leer su código.',
  checkStorage: 'Esta página no usa cookies y no guarda nada. Al cerrarla, desaparece.',

  chooseTitle: 'Elige tus imágenes',
  chooseBody:
    'Puedes elegir una o muchas. Aquí no se muestran, y no se usan los nombres de los archivos.',
  chooseVideo: 'Esta página solo lee imágenes. Para vídeos, usa StopNCII.org.',
  chooseButton: 'Elegir imágenes',

  workingTitle: 'Trabajando en tu dispositivo',
  workingBody: {
    one: '{done} de 1 imagen está lista.',
    many: '{done} de {n} de imágenes están listas.',
    other: '{done} de {n} imágenes están listas.',
  },
  workingFailed: {
    one: 'No se pudo leer 1.',
    many: 'No se pudieron leer {n}.',
    other: 'No se pudieron leer {n}.',
  },
  workingStop: 'Parar',
  stoppedStatus: 'Parado. Las imágenes que no estaban listas se han soltado.',
  doneStatus: {
    one: 'Listo. 1 imagen tiene sus números.',
    many: 'Listo. {n} de imágenes tienen sus números.',
    other: 'Listo. {n} imágenes tienen sus números.',
  },

  picturesTitle: { one: '1 imagen', many: '{n} de imágenes', other: '{n} imágenes' },
  picturesNone:
    'Ninguna imagen se pudo convertir en números. Abajo, cada una dice qué puedes hacer.',
  picturesBody:
    'Esto es lo que un servicio podría encontrar con los números. Quita lo que no quieras incluir.',
  picture: 'Imagen {n}',
  pictureSize: '{width} × {height} píxeles',
  pictureRemove: 'Quitar',
  pictureRemoved: 'Se quitó la imagen {n}.',
  pictureAdd: 'Añadir más imágenes',
  pictureNumbers: 'Sus números',
  strong: 'Bien: tiene suficiente detalle.',
  weak: 'Débil: puede que los servicios no usen estos números.',
  weakTiny: 'Es muy pequeña. Si ya tienes una más grande en este dispositivo, elige esa.',
  weakFlat:
    'Tiene poco detalle, así que sus números podrían coincidir con otras imágenes. Si ya tienes una más clara en este dispositivo, elige esa.',
  weakHelp: 'Puedes incluirla de todos modos. Una línea de ayuda puede hablarte de otros caminos.',

  copiesTitle: '¿Qué copias se encontrarían?',
  copiesMeasure: 'Probar copias de esta imagen',
  copiesWorking: 'Haciendo y probando copias en tu dispositivo.',
  copiesBody:
    'Hicimos copias modificadas de tu imagen en este dispositivo y comparamos sus números. Algunos servicios comparan mejor que esta prueba y encuentran más.',
  copiesFound: 'Se encontrarían:',
  copiesReview: 'Quizá se encuentren, si una persona las mira:',
  copiesMissed: 'Pasarían sin ser vistas:',
  copiesUnmeasured: 'Esto no se pudo probar en este navegador. Quizá otro navegador pueda.',
  copyJpeg30: 'una copia de baja calidad (JPEG 30)',
  copyHalf: 'una copia de la mitad de tamaño',
  copyCaption: 'una copia con palabras encima',
  copyMirror: 'una copia en espejo',
  copyCrop5: 'una copia con un 5 % recortado por cada lado',
  copyCrop10: 'una copia con un 10 % recortado por cada lado',
  copyCrop20: 'una copia con un 20 % recortado por cada lado',

  outlineTitle: '¿Qué revelan los números?',
  outlineBody:
    'Esto se dibuja solo con los números. Quien los tenga, sin la imagen, también podría dibujarlo.',
  outlineAlt: 'Un contorno borroso, dibujado con los números de la imagen {n}',
  blurTitle: '¿Qué imagen es esta?',
  blurShow: 'Mostrarla, muy borrosa',
  blurHide: 'Ocultarla',
  blurNot: 'No se puede mostrar en este navegador.',
  blurAlt: 'Una vista muy borrosa de la imagen {n}',

  errorEmpty: 'El archivo está vacío. Elige otra copia.',
  errorUnreadable: 'No se pudo abrir el archivo. Mira si sigue ahí y elígelo otra vez.',
  errorUnsupported:
    'Este tipo de archivo no se puede leer aquí. Guarda una copia como JPEG o PNG con tu aplicación de fotos y elige la copia. Los vídeos no se pueden leer aquí.',
  errorVideo: 'Es un vídeo.',
  errorHeic:
    'Es una foto HEIC. Muchos teléfonos las hacen, pero este navegador no puede leerlas. En tu aplicación de fotos, guarda o exporta una copia como JPEG y elige la copia.',
  errorCorrupt: 'El archivo está dañado o no es una imagen. Elige otra copia.',
  errorTooLarge:
    'El archivo es demasiado grande para esta página. Guarda una copia más pequeña con tu aplicación de fotos y elige la copia. O pregunta a una línea de ayuda.',
  errorTimeout: 'Tardó demasiado. Elígela otra vez, sola.',
  errorPoisoned:
    'Tu navegador cambia las imágenes que lee una página, para protegerte. Por eso sus números estarían mal. Guarda una copia como JPEG o PNG, o usa otro navegador.',
  errorOther: 'No se pudo leer. Elígela otra vez o usa otro navegador.',

  bundleTitle: 'Antes de hacer el archivo',
  bundleBody:
    'El archivo tendrá los números de tus imágenes, cómo se hicieron y lo buenos que son, el día, un número de caso al azar y una marca a la que solo corresponde tu código. No tendrá ningún nombre, lugar, nombre de archivo ni imagen.',
  bundleCode: 'También recibirás un código. Con él podrás retirar el archivo más tarde.',
  bundleWarn: 'No podemos recuperar este código. Solo tú lo tendrás.',
  bundleMake: 'Hacer el archivo',
  previewTitle: 'Tu archivo',
  previewBody:
    'Esto es todo. Lo que guardas es exactamente este texto. Los puntos del final lo rellenan, para que su tamaño no diga de cuántas imágenes trata.',
  previewLabel: 'El archivo entero',
  codeTitle: 'Tu código',
  codeBody:
    'Escríbelo ahora en papel. Guárdalo donde solo tú lo encuentres. No podemos recuperarlo.',
  codeCopy: 'Copiar el código',
  codeCopied: 'El código se copió.',
  codeNotCopied: 'No se pudo copiar. Escríbelo en papel, por favor.',
  save: 'Guardar el archivo',
  saveBody: 'Si otras personas usan este dispositivo, pueden ver el archivo guardado.',
  saved: 'Se pidió a tu navegador que guarde el archivo.',

  doneTitle: 'Lo has hecho.',
  doneBody: 'No se ha enviado nada. El archivo es tuyo: puedes darlo a quien confíes, o borrarlo.',
  doneRegister: 'Para registrar tus imágenes en los servicios, ve a StopNCII.org.',
  doneClear: 'Borrar todo',
  cleared: 'Se borró todo lo que había en esta página.',

  withdrawTitle: 'Retirar un archivo',
  withdrawBody:
    'Elige el archivo que guardaste y escribe tu código. Recibirás un segundo archivo. Dáselo a quien tenga el primero.',
  withdrawFile: 'El archivo que guardaste',
  withdrawCode: 'Tu código',
  withdrawMake: 'Hacer el segundo archivo',
  withdrawBadFile: 'Este archivo no lo hizo esta página. Elige otro.',
  withdrawRead: 'El archivo se leyó. Ahora escribe tu código.',
  withdrawNoFile: 'Primero elige el archivo.',
  withdrawBadCode: 'Este no es el código de ese archivo. Revisa cada letra.',
  withdrawReady: 'Está listo. Esto es todo:',
  withdrawSave: 'Guardar el segundo archivo',
};
