/** One second, in ms. */
export const second = 1000;
/** One minute, in ms. */
export const minute: number = 60 * second;
/** One hour, in ms. */
export const hour: number = 60 * minute;
/** One kibibyte, in bytes. */
export const KiB = 1024;
/** One mebibyte, in bytes. */
export const MiB: number = 1024 * KiB;
