/** The bytes that hexadecimal digits stand for, blanks aside. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ""), "hex");
}
