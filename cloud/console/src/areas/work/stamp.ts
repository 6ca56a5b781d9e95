import { createContext, useContext, useMemo } from "react";
import type { Form } from "../../form/form";
import { day, wall } from "../../parts/format";
import { useSession } from "../../parts/session";
import { useTree } from "../places/api";
import type { Field } from "./api";
import { placeWords } from "./names";

/** Where says where the form at hand is about, in words, when it is asked. */
export const Where = createContext<() => string>(() => "");

/** useWhere reads the place of a form, or its coordinates while it has none. */
export function useWhere(form: Form): () => string {
  const tree = useTree(form.fields.some(stamped)).data;
  return useMemo(
    () => () => {
      const of = (type: string) =>
        form.fields
          .filter((f) => f.type === type)
          .map((f) => form.view(f.key).value)
          .find(Boolean);
      const at = of("location") as { lat: number; lng: number } | undefined;
      const place = of("place");
      return place ? placeWords(tree, String(place)) : at ? `${at.lat}, ${at.lng}` : "";
    },
    [form, tree],
  );
}

const stamped = (f: Field): boolean => !!f.watermark || (f.fields ?? []).some(stamped);

/** useStamp draws time, person and place on pictures of a field that asks for it. */
export function useStamp(f: Field): ((file: File) => Promise<File>) | undefined {
  const where = useContext(Where);
  const { me } = useSession();
  if (!f.watermark) return undefined;
  return (file) => {
    const at = file.lastModified || Date.now();
    const when = `${day(at)} ${wall(at).slice(11)}`;
    return stamp(file, [`${when}  ${me.name}`, where()].filter(Boolean));
  };
}

/** stamp draws lines on a picture and keeps what its camera wrote about it; other files pass. */
export async function stamp(file: File, lines: string[]): Promise<File> {
  if (!file.type.startsWith("image/")) return file;
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.drawImage(picture, 0, 0);
  picture.close();
  write(pen, lines);
  const blob = await new Promise<Blob | null>((ok) => canvas.toBlob(ok, "image/jpeg", 0.92));
  if (!blob) throw new Error("no picture");
  const [was, is] = await Promise.all([file.arrayBuffer(), blob.arrayBuffer()]);
  return new File(
    [keepExif(new Uint8Array(was), new Uint8Array(is))],
    file.name.replace(/\.\w+$/, "") + ".jpg",
    {
      type: "image/jpeg",
      lastModified: file.lastModified,
    },
  );
}

function write(pen: CanvasRenderingContext2D, lines: string[]) {
  const { width, height } = pen.canvas;
  let size = Math.max(12, Math.round(Math.min(width, height) / 24));
  const font = () =>
    (pen.font = `600 ${size}px "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif`);
  font();
  const longest = Math.max(...lines.map((l) => pen.measureText(l).width));
  if (longest > width * 0.94) size = Math.max(8, Math.floor((size * width * 0.94) / longest));
  font();
  const step = size * 1.4;
  const band = step * lines.length + size * 0.5;
  pen.fillStyle = "rgb(0 0 0 / 45%)";
  pen.fillRect(0, height - band, width, band);
  pen.fillStyle = "#fff";
  pen.textBaseline = "top";
  lines.forEach((l, i) => pen.fillText(l, width * 0.03, height - band + size * 0.35 + i * step));
}

/** exifOf is the segment in which a camera wrote about a JPEG picture. */
function exifOf(jpeg: Uint8Array): Uint8Array | undefined {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  if (jpeg.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 10 < jpeg.length && jpeg[at] === 0xff;) {
    const end = at + 2 + view.getUint16(at + 2);
    if (jpeg[at + 1] === 0xda) return undefined; // the picture itself
    if (jpeg[at + 1] === 0xe1 && view.getUint32(at + 4) === 0x45786966 && end <= jpeg.length)
      return jpeg.slice(at, end);
    at = end;
  }
  return undefined;
}

/** keepExif puts what a camera wrote about one picture into another, which stands upright. */
export function keepExif(from: Uint8Array, into: Uint8Array): Uint8Array<ArrayBuffer> {
  const exif = exifOf(from);
  if (!exif) return new Uint8Array(into);
  upright(exif);
  const out = new Uint8Array(into.length + exif.length);
  out.set(into.subarray(0, 2));
  out.set(exif, 2);
  out.set(into.subarray(2), 2 + exif.length);
  return out;
}

/** upright sets the orientation of an Exif segment to 1, as the picture has been turned. */
function upright(exif: Uint8Array) {
  const start = 10; // of the TIFF header: marker, length, "Exif\0\0"
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < start + 8) return;
  const little = view.getUint16(start) === 0x4949;
  const table = start + view.getUint32(start + 4, little);
  if (table + 2 > exif.length) return;
  for (let i = 0; i < view.getUint16(table, little); i++) {
    const entry = table + 2 + i * 12;
    if (entry + 12 > exif.length) return;
    if (view.getUint16(entry, little) === 0x0112) return view.setUint16(entry + 8, 1, little);
  }
}
