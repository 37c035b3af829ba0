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
    'Si alguien compartió, o dice que va a compartir, una imagen íntima tuya: no has hecho nada malo. Esta página puede convertir tus imágenes en números, aquí, en tu dispositivo, y poner los números en un archivo. Con esos números se pueden encontrar copias de una imagen.',
  welcomeStop: 'Puedes parar cuando quieras. Sin cuenta. Sin correo. Sin cuenta atrás.',
  welcomeStart: 'Empezar',
  welcomeWithdraw: 'Retirar un archivo',
  demo: 'Esta página es una demostración de la biblioteca onlyhashes. No registra tus imágenes en ningún sitio.',
  insecure:
    'Esta página se abrió por http, sin protección. Aquí no puede crear tu archivo, y alguien en el camino puede haberla cambiado. Ábrela desde una dirección que empiece por https, o como un archivo en tu dispositivo.',

  helpTitle: 'Habla con alguien',
  helpBody: 'No tienes que hacer esto a solas. Estas personas te escuchan y no te juzgan.',
  helpDanger: 'Si estás en peligro ahora, llama al número de emergencias del lugar donde vives.',
  helpStop: 'Para personas adultas, en cualquier país. También tiene una lista de líneas de ayuda.',
  helpChild: 'Si alguien que sale en la imagen tenía menos de 18 años cuando se tomó.',
  helpUk: 'Reino Unido, para personas adultas',
  helpUs: 'Estados Unidos',
  takersTitle: '¿Quién acepta el archivo?',
  takersNone:
    'Hoy ningún servicio acepta el archivo que hace esta página, salvo que la persona que te ayuda o una plataforma te haya dicho que sí.',
  takersInstead:
    'Estos dos no lo aceptan. Calculan sus propios números a partir de tu imagen, en tu dispositivo, y los pasan a los servicios que participan:',

  ageTitle: '¿Alguien en la imagen tenía menos de 18 años?',
  ageBody: 'Se trata de la edad que tenía cuando se tomó la imagen.',
  ageChild: 'Sí, o no lo sé con seguridad',
  ageAdult: 'No, nadie tenía menos de 18',
  childTitle: 'Hay un lugar mejor para esto',
  childBody:
    'Take It Down está hecho para imágenes de personas menores de 18 años. Es gratis y no hace falta dar tu nombre.',
  childGo: 'Ir a Take It Down',
  childUkTitle: 'En el Reino Unido',
  childReport: 'Sirve para denunciar una imagen y que se pueda retirar.',
  childLine: 'Allí puedes hablar con alguien que te escucha.',
  childSend: 'Por favor, no envíes la imagen a nadie más, ni siquiera para pedir ayuda.',

  truthTitle: 'Lo que debes saber',
  truthStays: 'Tu imagen se queda en este dispositivo.',
  truthNumbers: 'Solo saldrían números calculados a partir de ella, y solo si los envías tú.',
  truthServices:
    'Ningún servicio acepta el archivo que hace esta página, salvo que la persona que te ayuda o una plataforma te haya dicho que sí.',
  truthEdited: 'Las copias modificadas pueden pasar sin ser detectadas.',
  truthDownload: 'No vuelvas a descargar la imagen solo para esto. Usa una que ya tengas.',
  truthEvidence:
    'Guarda pruebas antes de que se borre nada: haz capturas de pantalla de los mensajes, los nombres y las direcciones web.',
  truthPay: 'No pagues a quien te amenaza. A menudo piden más.',
  truthOutline:
    'Los números no son una imagen. Pero revelan un contorno borroso de ella. Aquí puedes verlo.',

  checkTitle: 'Compruébalo tú',
  checkAirplane:
    'Activa ahora el modo avión. Esta página sigue funcionando. Al terminar, puedes cerrarla antes de desactivar el modo avión.',
  checkOnline: 'Tu navegador dice: este dispositivo está conectado.',
  checkOffline: 'Tu navegador dice: este dispositivo no está conectado.',
  checkWorker:
    'El código que convierte tus imágenes en números funciona en una parte cerrada de la página, un Worker. Las reglas de este archivo no permiten que esa parte se comunique con nada. Se prueba en Chromium, Firefox y WebKitGTK. Safari no se ha probado.',
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
  chooseShapes: 'Calcular también números para copias recortadas con otra forma',
  chooseShapesBody:
    'Las aplicaciones suelen recortar una imagen en un cuadrado o con otra forma. Con hasta 4 números más por imagen se pueden encontrar más copias de ese tipo. Revelan más: la forma de la imagen, partes más nítidas de su contorno borroso y qué números van juntos. Vale para las imágenes que elijas después de marcarlo.',
  chooseButton: 'Elegir imágenes',
  chooseDrop: 'También puedes soltar imágenes sobre esta página, o pegarlas.',
  dropNotHere:
    'El archivo no se abrió ni se añadió. Puedes añadir imágenes en la pantalla «{screen}».',

  workingTitle: 'Se está trabajando en tu dispositivo',
  workingBody: {
    one: '{n} imagen de {total} está lista.',
    many: '{n} de imágenes de {total} están listas.',
    other: '{n} imágenes de {total} están listas.',
  },
  workingFailed: {
    one: '{n} no se pudo leer.',
    many: '{n} no se pudieron leer.',
    other: '{n} no se pudieron leer.',
  },
  workingStop: 'Detener',
  stoppedStatus: 'Detenido. Las imágenes que aún no estaban listas se dejaron fuera.',
  doneStatus: {
    one: 'Listo. {n} imagen tiene sus números.',
    many: 'Listo. {n} de imágenes tienen sus números.',
    other: 'Listo. {n} imágenes tienen sus números.',
  },

  picturesTitle: {
    one: '{n} imagen',
    many: '{n} de imágenes',
    other: '{n} imágenes',
  },
  picturesNone:
    'Ninguna imagen se pudo convertir en números. Abajo, en cada una, se explica qué puedes hacer.',
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
    'Tiene poco detalle, así que sus números también podrían coincidir con otras imágenes. Si ya tienes una más nítida en este dispositivo, elige esa.',
  weakHelp: 'Puedes incluirla de todos modos. Una línea de ayuda puede hablarte de otras opciones.',

  copiesTitle: '¿Qué copias se encontrarían?',
  copiesMeasure: 'Probar copias de esta imagen',
  copiesWorking: 'Se están haciendo y probando copias en tu dispositivo.',
  copiesBody:
    'Hicimos copias modificadas de tu imagen en este dispositivo y comparamos sus números. Algunos servicios comparan mejor que esta prueba y encuentran más.',
  copiesFound: 'Se encontrarían:',
  copiesReview: 'Quizá se encontrarían, si las revisa una persona:',
  copiesMissed: 'Pasarían sin ser detectadas:',
  copiesUnmeasured: 'Esto no se pudo probar en este navegador. Quizá otro navegador pueda.',
  copyJpeg30: 'una copia de baja calidad (JPEG 30)',
  copyHalf: 'una copia con la mitad del tamaño',
  copyCaption: 'una copia con palabras encima',
  copyMirror: 'una copia invertida, como en un espejo',
  copySquare: 'una copia recortada en un cuadrado',
  copyCrop5: 'una copia con un 5 % recortado por cada lado',
  copyCrop10: 'una copia con un 10 % recortado por cada lado',
  copyCrop20: 'una copia con un 20 % recortado por cada lado',

  outlineTitle: '¿Qué revelan los números?',
  outlineBody:
    'Esto se dibuja solo con los números. Quien los tenga, sin la imagen, también podría dibujarlo.',
  outlineAlt: 'Un contorno borroso, dibujado con los números de la imagen {n}',
  outlineShape: 'La parte recortada a {shape}',
  outlineShapeAlt:
    'Un contorno borroso, dibujado con el número de la imagen {n} para la forma {shape}',
  blurTitle: '¿Qué imagen es esta?',
  blurShow: 'Mostrarla, muy borrosa',
  blurHide: 'Ocultarla',
  blurNot: 'No se puede mostrar en este navegador.',
  blurAlt: 'Una vista muy borrosa de la imagen {n}',

  errorEmpty: 'El archivo está vacío. Elige otra copia.',
  errorUnreadable: 'No se pudo abrir el archivo. Comprueba que sigue ahí y vuelve a elegirlo.',
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
    'Para protegerte, tu navegador cambia las imágenes que lee una página. Por eso los números serían incorrectos. Guarda una copia como JPEG o PNG, o usa otro navegador.',
  errorOther: 'No se pudo leer. Elígela otra vez o usa otro navegador.',

  bundleTitle: 'Antes de crear el archivo',
  bundleBody:
    'El archivo contendrá los números de tus imágenes, cómo se calcularon y su calidad, el día, un número de caso aleatorio y una marca que solo encaja con tu código. No contendrá ningún nombre, lugar, nombre de archivo ni imagen.',
  bundleShapes:
    'Elegiste más números, para copias recortadas con otra forma. También estarán en el archivo. Muestran la forma de una imagen, partes más nítidas de su contorno borroso y qué números van juntos.',
  bundleCode: 'También recibirás un código. Con él podrás retirar el archivo más tarde.',
  bundleWarn: 'No podemos recuperar este código. Solo tú lo tendrás.',
  bundleMake: 'Crear el archivo',
  bundleKept:
    'Tu archivo ya está creado y tus imágenes son las mismas. Por eso su código sigue siendo el mismo.',
  bundleChanged:
    'Tus imágenes no son las mismas que antes. Un archivo nuevo tiene un código nuevo. El código que ya tienes solo sirve para el archivo que creaste antes.',
  bundleFailed:
    'No se pudo crear el archivo. Vuelve atrás e inténtalo de nuevo, o usa otro navegador.',
  previewTitle: 'Tu archivo',
  previewBody:
    'Esto es todo. Lo que guardas es exactamente este texto. Los puntos del final lo rellenan, para que su tamaño no revele de cuántas imágenes trata.',
  previewLabel: 'El archivo entero',
  codeTitle: 'Tu código',
  codeBody:
    'Escríbelo ahora en un papel. Guárdalo donde solo tú puedas encontrarlo. No podemos recuperarlo.',
  codeCopy: 'Copiar el código',
  codeCopied: 'El código se ha copiado.',
  codeNotCopied: 'No se pudo copiar el código. Por favor, escríbelo en un papel.',
  save: 'Guardar el archivo',
  saveBody: 'Si otras personas usan este dispositivo, pueden ver el archivo guardado.',
  saved: 'Se pidió a tu navegador que guarde el archivo. Busca {file} en tus descargas.',

  doneTitle: 'Lo has hecho. ¿Y ahora?',
  doneBody:
    'No se ha enviado nada. Si la persona que te ayuda o una plataforma te pidió el archivo, dáselo. Si nadie te lo pidió, puedes borrarlo.',
  doneClear: 'Borrar todo',
  doneUnsaved: 'No has guardado el archivo. Vuelve atrás si quieres conservarlo.',
  clearTitle: 'El archivo no está guardado',
  clearBody: 'Si borras todo ahora, el archivo se pierde. Nadie puede recuperarlo.',
  clearBack: 'Volver al archivo',
  cleared:
    'Se borró todo lo que había en esta página. Si guardaste un archivo, sigue donde lo guardaste.',

  withdrawTitle: 'Retirar un archivo',
  withdrawBody:
    'Elige el archivo que guardaste y escribe tu código. Recibirás un archivo de retirada. Dáselo a quien tenga tu archivo.',
  withdrawFile: 'El archivo que guardaste',
  withdrawCode: 'Tu código',
  withdrawMake: 'Crear el archivo de retirada',
  withdrawBadFile: 'Este archivo no se creó con esta página. Elige otro.',
  withdrawRead: 'Se ha leído el archivo. Ahora escribe tu código.',
  withdrawNoFile: 'Aún no hay ningún archivo. Elige el que guardaste.',
  withdrawBadCode: 'Este no es el código de ese archivo. Revisa cada letra.',
  withdrawReady: 'Está listo. Esto es todo:',
  withdrawSave: 'Guardar el archivo de retirada',
};
