import { expect, it } from "vitest";
import { printable } from "../../../../src/console/browser/printable.ts";

it("names show what cannot be seen, and leave letters of all scripts as they are", () => {
  expect(printable("\u202Egnp.exe")).toBe("\\u{202e}gnp.exe");
  expect(printable("bob\u0000\n\u200F")).toBe("bob\\u{0}\\u{a}\\u{200f}");
  for (const name of ["dave’s laptop", "שלום", "山田", "👩‍💻"]) expect(printable(name)).toBe(name);
});
