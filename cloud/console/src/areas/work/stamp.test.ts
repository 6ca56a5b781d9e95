import { expect, it } from "vitest";
import { keepExif } from "./stamp";

/** jpeg is a picture's frame: start, segments, the picture itself. */
const jpeg = (...segments: number[][]) =>
  new Uint8Array([0xff, 0xd8, ...segments.flat(), 0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9]);
const segment = (marker: number, data: number[]) => [
  0xff,
  marker,
  (data.length + 2) >> 8,
  (data.length + 2) & 255,
  ...data,
];
const exif = (little: boolean, orientation: number) => {
  const two = (n: number) => (little ? [n & 255, n >> 8] : [n >> 8, n & 255]);
  const four = (n: number) => (little ? [...two(n), 0, 0] : [0, 0, ...two(n)]);
  const entry = (tag: number, value: number) => [...two(tag), ...two(3), ...four(1), ...two(value), 0, 0];
  return segment(0xe1, [
    ...[0x45, 0x78, 0x69, 0x66, 0, 0],
    ...(little ? [0x49, 0x49] : [0x4d, 0x4d]),
    ...two(42),
    ...four(8),
    ...two(2),
    ...entry(0x0100, 4000),
    ...entry(0x0112, orientation),
    ...four(0),
  ]);
};

it.each([true, false])("keeps what the camera wrote, upright (little endian: %s)", (little) => {
  const jfif = segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0]);
  const out = keepExif(jpeg(jfif, exif(little, 6)), jpeg(jfif));
  expect([...out]).toEqual([...jpeg(exif(little, 1), jfif)]);
});

it("leaves pictures alone that say nothing, or nonsense", () => {
  const made = jpeg(segment(0xe0, [1]));
  for (const from of [
    new Uint8Array(),
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0, 0, 0, 0, 0]),
    jpeg(segment(0xe2, [1, 2, 3])),
    jpeg([0xff, 0xe1, 0xff, 0xff, 0x45, 0x78, 0x69, 0x66]), // longer than the file
    jpeg([0xff, 0xe1, 0, 0]),
  ])
    expect([...keepExif(from, made)]).toEqual([...made]);
});

it("does not read beyond a cut table", () => {
  const cut = segment(0xe1, [0x45, 0x78, 0x69, 0x66, 0, 0, 0x49, 0x49, 42, 0, 8, 0, 0, 0, 9, 0]);
  expect(() => keepExif(jpeg(cut), jpeg())).not.toThrow();
});
