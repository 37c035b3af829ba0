/** A TIFF header and a directory with one entry. */
export function block(
  value: number,
  { little = false, tag = 0x0112, kind = 3, count = 1 } = {},
): Uint8Array {
  const view = new DataView(new ArrayBuffer(26));
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 1, little);
  view.setUint16(10, tag, little);
  view.setUint16(12, kind, little);
  view.setUint32(14, count, little);
  view.setUint16(18, value, little);
  return new Uint8Array(view.buffer);
}

/** The same of orientation 6, as XMP says it. */
export const XMP_TURNED =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>';
