import { readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { describe, expect, it } from "vitest";
import { assetFiles, openAsset } from "../../../src/console/assets.ts";

const opened = assetFiles.map((file) => ({ ...file, ...openAsset(file) }));
const scripts = opened.filter(({ name }) => name.endsWith(".js"));

describe("the console's files", () => {
  it("are all there, each with a validator of its own", () => {
    expect(new Set(opened.map(({ etag }) => etag)).size).toBe(assetFiles.length);
    for (const { body, etag } of opened) {
      expect(body.length).toBeGreaterThan(50);
      expect(etag).toMatch(/^"[\w-]{22}"$/);
    }
  });

  it("hold the scripts that the page's own one leads to, without types, and no other", () => {
    const bodies = new Map(scripts.map(({ name, body }) => [name, body]));
    const reached = new Set(["main.js"]);
    // A set is walked to its end even while it grows.
    for (const name of reached)
      for (const [, specifier] of bodies.get(name)!.matchAll(/^import [^;]*from "([^"]+)"/gm))
        reached.add(join(dirname(name), specifier!));
    expect([...reached].toSorted()).toEqual([...bodies.keys()].toSorted());
    expect(scripts.filter(({ body }) => /^(export )?(interface|type) /m.test(body))).toEqual([]);
  });

  it("are public only as far as the sign-in page needs them", () => {
    const page = readFileSync("src/console/page/sign-in.html", "utf8");
    const linked = [...page.matchAll(/(?:href|src)="\{folder\}\/([^"]+)"/g)].map(([, name]) => name!);
    const open = assetFiles.filter(({ isPublic }) => isPublic).map(({ name }) => name);
    expect(open).toEqual([...new Set(linked)].toSorted());
  });

  it("load nothing from elsewhere, and turn no text into markup", () => {
    const own = opened.filter(({ name }) => !name.startsWith("uplot"));
    const foreign = own.filter(({ body }) =>
      /https?:\/\/(?!www\.w3\.org\/2000\/svg)|url\(|@import/.test(body),
    );
    expect(foreign.map(({ name }) => name)).toEqual([]);
    const markup = opened.filter(({ body }) =>
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/.test(body),
    );
    expect(markup.map(({ name }) => name)).toEqual([]);
  });
});
