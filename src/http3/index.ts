export { connectionFault, http3Code, type Http3Fault } from "./fault.ts";
export { type Fields, isFieldValue } from "./fields.ts";
export type { MessageHandler } from "./message-reader.ts";
export { dataFrameHead, goAwayFrame, headersFrame, settingsStream } from "./own-frames.ts";
export { RequestReader } from "./request-reader.ts";
export { ResponseReader } from "./response-reader.ts";
export { UniStreams } from "./uni-streams.ts";
