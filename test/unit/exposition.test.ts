import { expect, it } from "vitest";
import { counter, exposition, gauge } from "../../src/exposition.ts";
import { readExposition } from "../integration/harness/exposition.ts";

it("a page has HELP, TYPE and the samples of each family", () => {
  const page = exposition([
    gauge("open_things", "Things.", 1.5),
    counter("things_total", "Things so far.", { a: 1, b: 0 }, "kind"),
    counter("nothing_total", "Nothing.", {}),
    counter("bytes_total", "Bytes.", 2 ** 53 - 1),
  ]);
  expect(page).toBe(
    `# HELP open_things Things.
# TYPE open_things gauge
open_things 1.5
# HELP things_total Things so far.
# TYPE things_total counter
things_total{kind="a"} 1
things_total{kind="b"} 0
# HELP nothing_total Nothing.
# TYPE nothing_total counter
# HELP bytes_total Bytes.
# TYPE bytes_total counter
bytes_total 9007199254740991
`,
  );
  expect([...readExposition(page).keys()]).toHaveLength(4);
});

it("no text of a help or a label ends a line or a value", () => {
  const odd = 'a"b\\c\nd';
  const page = exposition([{ ...counter("odd_total", odd, { [odd]: 1 }), type: "counter" }]);
  expect(page).toBe(
    String.raw`# HELP odd_total a"b\\c\nd` +
      "\n# TYPE odd_total counter\n" +
      String.raw`odd_total{error_type="a\"b\\c\nd"} 1` +
      "\n",
  );
  expect(readExposition(page).get("odd_total")!.series.size).toBe(1);
});
