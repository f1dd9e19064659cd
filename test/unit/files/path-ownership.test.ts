import { describe, expect, it } from "vitest";
import { type PathStep, refusalOfFolder, refusalOfWay } from "../../../src/files/path-ownership.ts";

const me = 1000;
const other = 1001;

function step(path: string, change: Partial<PathStep> = {}): PathStep {
  return { path, kind: "folder", user: 0, group: 0, mode: 0o755, ...change };
}

const root = step("/");
const home = step("/home/me", { user: me, group: me });
const mine = step("/home/me/state", { user: me, group: me, mode: 0o700 });

describe("a folder that is one user's alone", () => {
  it("has the mode 0700 and belongs to that user, below folders of the same user and of root", () => {
    expect(refusalOfFolder([root, step("/home"), home, mine], me)).toBeUndefined();
  });

  it.each([0o777, 0o770, 0o750, 0o755, 0o701, 0o510, 0o500, 0o600])("has not the mode %o", (mode) => {
    const refusal = `has the mode 0${mode.toString(8)}, not 0700 (run \`chmod 700 /home/me/state\`)`;
    expect(refusalOfFolder([root, home, { ...mine, mode }], me)).toBe(refusal);
  });

  it("may hand its group on to what is made in it", () => {
    expect(refusalOfFolder([root, home, { ...mine, mode: 0o2700 }], me)).toBeUndefined();
  });

  it("does not belong to another user, not even to root", () => {
    expect(refusalOfFolder([root, home, { ...mine, user: other }], me)).toBe(
      "belongs to another user (1001)",
    );
    expect(refusalOfFolder([root, home, { ...mine, user: 0 }], me)).toBe("belongs to another user (0)");
    expect(refusalOfFolder([root, mine], 0)).toBe("belongs to another user (1000)");
  });

  it("is a folder, and no link to one", () => {
    for (const kind of ["link", "other"] as const)
      expect(refusalOfFolder([root, { ...mine, kind, mode: 0o777 }], me)).toBe("is no folder");
  });

  it("is not below a folder of another user, whatever its mode", () => {
    for (const mode of [0o700, 0o755, 0o1777])
      expect(refusalOfFolder([root, step("/srv/theirs", { user: other, mode }), mine], me)).toBe(
        "is below /srv/theirs, which belongs to another user (1001)",
      );
    expect(refusalOfFolder([root, home, { ...mine, user: 0 }], 0)).toBe(
      "is below /home/me, which belongs to another user (1000)",
    );
  });

  it("is not reached by a link that another user made", () => {
    const link = step("/tmp/link", { kind: "link", user: other, mode: 0o777 });
    expect(refusalOfFolder([root, link, home, mine], me)).toMatch(/^is below \/tmp\/link, which belongs/);
    expect(refusalOfFolder([root, { ...link, user: 0 }, home, mine], me)).toBeUndefined();
  });

  it("may be below a sticky folder of root that all can write to, as /tmp and /sys/fs/bpf are", () => {
    expect(refusalOfFolder([root, step("/tmp", { mode: 0o1777 }), mine], me)).toBeUndefined();
    expect(refusalOfFolder([root, step("/tmp", { mode: 0o777 }), mine], me)).toBe(
      "is below /tmp, which others can write to (0777; run `chmod go-w /tmp`)",
    );
  });

  it("may be below a folder that only the user's own group can write to", () => {
    const shared = { ...home, mode: 0o775 };
    expect(refusalOfFolder([root, shared, mine], me)).toBeUndefined();
    expect(refusalOfFolder([root, { ...shared, group: 100 }, mine], me)).toMatch(/others can write to/);
    expect(refusalOfFolder([root, { ...shared, mode: 0o777 }, mine], me)).toMatch(/others can write to/);
  });

  it("is below the root whoever that belongs to, as in a user namespace", () => {
    const nobody = { user: 65_534, group: 65_534 };
    expect(refusalOfFolder([step("/", nobody), step("/home", nobody), mine], me)).toBeUndefined();
  });
});

describe("a way on which a folder can be made", () => {
  it("is judged by the steps that there are", () => {
    expect(refusalOfWay([root, home], me)).toBeUndefined();
    expect(refusalOfWay([], me)).toBeUndefined();
    expect(refusalOfWay([root, home], other)).toBe("is below /home/me, which belongs to another user (1000)");
  });
});
